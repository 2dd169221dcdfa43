import { Agent, type IncomingMessage, request } from "node:http";

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** One program's HTTP connections from a machine's address. */
export interface HttpClient {
  get(url: string, headers?: Readonly<Record<string, string>>): Promise<HttpAnswer>;
  post(url: string, type: string, body: string, headers?: Readonly<Record<string, string>>): Promise<HttpAnswer>;
  /** Fetches the first bytes of a file and throws them away; true when they came, false when nobody gave them. */
  fetchStart(url: string): Promise<boolean>;
  /** Asks for a whole file and breaks off when its first bytes came. */
  fetchAndCut(url: string): Promise<void>;
  close(): void;
}

/** Bytes that stand for a whole file: what is measured is the controllers, not the network card. */
const startBytes = 64 * 1024;
const longestBody = 8 * 1024 * 1024;
const timeOutMilliseconds = 60_000;

/** Connections of their own for each boot, kept open between requests, all ended by `signal`. */
export function openHttpClient(localAddress: string, signal: AbortSignal): HttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  const open = (
    url: string,
    method: string,
    headers: Record<string, string>,
    body?: string,
  ): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const outgoing = request(url, { method, headers, localAddress, agent, signal, timeout: timeOutMilliseconds });
      outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer from ${url}`)));
      outgoing.on("error", reject);
      outgoing.on("response", resolve);
      outgoing.end(body);
    });
  const read = async (response: IncomingMessage): Promise<HttpAnswer> => {
    let body = "";
    response.setEncoding("utf8");
    for await (const chunk of response as AsyncIterable<string>) {
      body += chunk;
      if (body.length > longestBody) throw new Error("the answer is too long");
    }
    return { status: response.statusCode ?? 0, body };
  };
  return {
    get: async (url, headers = {}) => read(await open(url, "GET", headers)),
    post: async (url, type, body, headers = {}) =>
      read(
        await open(
          url,
          "POST",
          { ...headers, "content-type": type, "content-length": `${Buffer.byteLength(body)}` },
          body,
        ),
      ),
    fetchStart: async (url) => {
      try {
        const response = await open(url, "GET", { range: `bytes=0-${startBytes - 1}` });
        for await (const _ of response) continue;
        return response.statusCode === 206 || response.statusCode === 200;
      } catch {
        signal.throwIfAborted();
        return false;
      }
    },
    fetchAndCut: async (url) => {
      const response = await open(url, "GET", {});
      await new Promise<void>((resolve, reject) => {
        response.once("error", reject);
        response.once("data", () => {
          response.off("error", reject);
          response.on("error", () => undefined);
          response.destroy();
          resolve();
        });
      });
    },
    close: () => agent.destroy(),
  };
}
