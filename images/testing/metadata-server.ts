import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { pipeline } from "node:stream/promises";
import { z } from "zod";

/**
 * The smallest metadata service that cloud-init's MAAS datasource takes, and a file server for images. Runs as a
 * process of its own inside a test's network namespace: `node metadata-server.ts '<json options>'`. Prints one line
 * of JSON per request.
 */
const options = z
  .object({ address: z.string(), port: z.int(), files: z.record(z.string(), z.string()), userData: z.string() })
  .parse(JSON.parse(process.argv[2] ?? "{}"));
const base = `http://${options.address}:${options.port}`;
const preseed = `#cloud-config
datasource:
  MAAS:
    metadata_url: ${base}/metadata/
    consumer_key: ck
    token_key: tk
    token_secret: ts
reporting:
  rackwright:
    type: webhook
    endpoint: ${base}/status
    consumer_key: ck
    token_key: tk
    token_secret: ts
`;
const documents: Record<string, string> = {
  "/preseed": preseed,
  "/metadata/2012-03-01/meta-data/instance-id": "abc123",
  "/metadata/2012-03-01/meta-data/local-hostname": "crab.rack",
  "/metadata/2012-03-01/meta-data/public-keys": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ test",
  "/metadata/2012-03-01/meta-data/vendor-data": '{"cloud-init": "#cloud-config\\n{}"}',
  "/metadata/2012-03-01/user-data": options.userData,
};

const server = createServer((request, response) => {
  const path = new URL(request.url ?? "/", base).pathname;
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks).toString();
    process.stdout.write(`${JSON.stringify({ method: request.method, path, body })}\n`);
    const file = options.files[path];
    const document = documents[path];
    if (request.method === "POST") response.writeHead(204).end();
    else if (file !== undefined) {
      response.setHeader("content-length", statSync(file).size);
      if (request.method === "HEAD") response.end();
      else pipeline(createReadStream(file), response).catch(() => response.destroy());
    } else if (document !== undefined) response.end(document);
    else response.writeHead(404).end("no such document\n");
  });
});
server.listen(options.port, options.address);
