import type { TestFile } from "./example.ts";

/** The header of OAuth PLAINTEXT as the MAAS command line sends it. */
export function oauthHeader(key: string): string {
  const [consumer = "", token = "", secret = ""] = key.split(":");
  return [
    'OAuth oauth_nonce="98765"',
    'oauth_timestamp="1700000000"',
    'oauth_version="1.0"',
    'oauth_signature_method="PLAINTEXT"',
    `oauth_consumer_key="${consumer}"`,
    `oauth_token="${token}"`,
    `oauth_signature="%26${secret}"`,
  ].join(", ");
}

/** A form as clients send it: urlencoded, or as multipart where files are in it. */
export function encodeForm(
  form: Record<string, string | string[]> | undefined,
  files: readonly TestFile[] | undefined,
): { type: string; data: Buffer | string } | undefined {
  if (form === undefined && files === undefined) return undefined;
  const pairs = Object.entries(form ?? {}).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, one]),
  );
  if (files === undefined)
    return { type: "application/x-www-form-urlencoded", data: new URLSearchParams(pairs).toString() };
  const boundary = "=-=-rackwright-=-=";
  const parts = [
    ...pairs.map(([name, value]) => ({ head: `name="${name}"`, data: Buffer.from(value) })),
    ...files.map(({ field, filename, data }) => ({
      head: `name="${field}"; filename="${filename}"`,
      data: Buffer.from(data),
    })),
  ];
  const pieces = parts.flatMap(({ head, data }) => [
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
    data,
    Buffer.from("\r\n"),
  ]);
  return {
    type: `multipart/form-data; boundary="${boundary}"`,
    data: Buffer.concat([...pieces, Buffer.from(`--${boundary}--`)]),
  };
}
