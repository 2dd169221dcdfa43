import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A server that publishes keys as GitHub and Launchpad do: those of `octo` at either, `big` with more than anybody has,
 * `moved` somewhere else; nobody else is known.
 */
export async function keyServer(keys: readonly string[]): Promise<{ url: string; close: () => Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const name = /^\/~?([a-z]+)(?:\.keys|\/\+sshkeys)$/.exec(request.url ?? "")?.[1];
    if (name === "octo") response.end(`${keys.join("\r\n")}\n\nssh-dss AAAA old\n`);
    else if (name === "big") response.end("x".repeat(1_000_000));
    else if (name === "moved") response.writeHead(302, { location: "/octo.keys" }).end();
    else if (name === "broken") response.writeHead(500).end();
    else if (name === "empty") response.end("\n");
    else response.writeHead(404).end("Not Found");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
