import { request as httpRequest, type ClientRequest, type RequestOptions } from "node:http";

/** Where a region is reached: a Unix socket on this host, or HTTP. */
export type RegionAddress = { readonly socketPath: string } | { readonly host: string; readonly port: number };

const defaultPort = 5240;

/** Reads `unix:/path/to/region.sock` or `http://host[:port]`. @throws RangeError naming the value and what is allowed */
export function parseRegion(text: string): RegionAddress {
  if (text.startsWith("unix:/")) return { socketPath: text.slice("unix:".length) };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" && url.hostname !== "" && url.pathname === "/" && url.search === "")
    return {
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: Number(url.port || (/:80\b/.test(text) ? 80 : defaultPort)),
    };
  throw new RangeError(`region '${text}'; allowed are http://host[:port] and unix:/path/to/region.sock`);
}

/** The address of a WebSocket at `path` on that region, as the ws library takes it. */
export function linkUrl(region: RegionAddress, path: string): string {
  if ("socketPath" in region) return `ws+unix:${region.socketPath}:${path}`;
  return `ws://${hostText(region)}${path}`;
}

/** Starts an HTTP request to that region. */
export function requestRegion(
  region: RegionAddress,
  options: Omit<RequestOptions, "headers"> & { headers: Record<string, string> },
): ClientRequest {
  const { headers, ...rest } = options;
  const host = "socketPath" in region ? "region" : hostText(region);
  return httpRequest({ ...region, ...rest, agent: false, headers: { ...headers, host } });
}

/** Host and port as they stand in a URL and in a Host header. */
export const hostText = ({ host, port }: { host: string; port: number }): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;
