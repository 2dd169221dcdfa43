import { randomBytes } from "node:crypto";
import { z } from "zod";
import { CliError } from "../errors.ts";

/** Reads a MAAS over its API 2.0; changes nothing there. */
export type MaasClient = { get<T>(path: string, schema: z.ZodType<T>): Promise<T> };

/** A listing of ten thousand machines is some 200 MB. */
const most = 2 ** 30;
const patience = 600_000;

/**
 * @param url of the MAAS, such as http://10.0.0.1:5240/MAAS
 * @param key of an administrator, consumer:token:secret
 */
export function maasClient(url: string, key: string): MaasClient {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new CliError(`--url is '${url}', which is not an address.`, "Give one such as http://10.0.0.1:5240/MAAS.", 2);
  const parts = key.split(":");
  const [consumer = "", token = "", secret = ""] = parts;
  if (parts.length !== 3 || parts.some((part) => part === ""))
    throw new CliError(
      "--api-key is none of MAAS.",
      "It has the form consumer:token:secret; 'maas apikey' prints it.",
      2,
    );
  const given = url.replace(/\/+$/, "").replace(/\/api\/2\.0$/, "");
  const base = `${new URL(given).pathname === "/" ? `${given}/MAAS` : given}/api/2.0/`;
  return {
    async get(path, schema) {
      const where = `${base}${path}`;
      const response = await fetch(where, {
        headers: { authorization: authorization(consumer, token, secret), accept: "application/json" },
        signal: AbortSignal.timeout(patience),
        redirect: "error",
      }).catch((error: unknown) => {
        const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
        throw new CliError(`No MAAS answers at ${where}: ${cause}.`, "Look at --url.", 3);
      });
      const text = await bounded(response, where);
      if (response.status === 401)
        throw new CliError(`${where}: ${text.slice(0, 300)}`, "Give the key of an administrator with --api-key.", 2);
      if (!response.ok)
        throw new CliError(`${where} answered ${response.status}: ${text.slice(0, 300)}`, "Look at the MAAS.", 4);
      const read = schema.safeParse(parse(text));
      if (read.success) return read.data;
      const [issue] = read.error.issues;
      throw new CliError(
        `The answer of ${where} is not understood: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}.`,
        "Look whether --url is the address of a MAAS, with /MAAS at its end.",
        4,
      );
    },
  };
}

/** OAuth 1.0a with PLAINTEXT (RFC 5849 3.4.4). */
function authorization(consumer: string, token: string, secret: string): string {
  const fields = {
    oauth_version: "1.0",
    oauth_signature_method: "PLAINTEXT",
    oauth_consumer_key: consumer,
    oauth_token: token,
    oauth_signature: `&${secret}`,
    oauth_timestamp: String(Math.floor(Date.now() / 1000)),
    oauth_nonce: randomBytes(8).toString("hex"),
  };
  return `OAuth ${Object.entries(fields)
    .map(([name, value]) => `${name}="${encodeURIComponent(value)}"`)
    .join(", ")}`;
}

async function bounded(response: Response, where: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > most) throw new CliError(`${where} answers more than ${most} bytes.`, "Look at --url.", 4);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
