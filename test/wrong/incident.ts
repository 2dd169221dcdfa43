import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { event } from "@rackwright/contract";
import type { Event } from "@rackwright/contract";
import { openSite } from "../road/site.ts";
import type { Prepare, Site } from "../road/site.ts";
import { writeSmallImages } from "./images.ts";
import { plugStation } from "./station.ts";
import type { Station } from "./station.ts";

const names = ["region", "rack", "postgres"] as const;

/** A site in which something goes wrong: small images, no machine switched on, and hosts of strangers on its switch. */
export interface Incident extends AsyncDisposable {
  readonly site: Site;
  /** Folder of the region's image store. */
  readonly store: string;
  /** The rack's HTTP port. */
  readonly http: string;
  plug(name: string, mac: string, address?: string): Promise<Station>;
  /** Waits for the first event of a type that fits. */
  event(type: Event["type"], what: string, fits: (event: Event) => boolean, seconds?: number): Promise<Event>;
  allEvents(): Promise<Event[]>;
  /** Everything region, rack and PostgreSQL logged. */
  logs(): Promise<string>;
  /** Fails when region, rack or PostgreSQL is another process than when the site was opened. */
  sameProcesses(): Promise<void>;
}

export async function openIncident(options: {
  name: string;
  port: number;
  machines?: number;
  prepare?: Prepare;
  images?: (store: string) => Promise<void>;
}): Promise<Incident> {
  const stations = new AsyncDisposableStack();
  const { name, port, machines = 1 } = options;
  const site = await openSite({
    name,
    port,
    machines,
    firmware: "bios",
    cache: "cache",
    prepare: async (parts) => {
      const store = join(parts.state, "cache", "images");
      await writeSmallImages(store);
      await options.images?.(store);
      await options.prepare?.(parts);
    },
  });
  const began = await Promise.all(names.map((each) => site.pid(each)));
  const all = async (query = ""): Promise<Event[]> => {
    const found: Event[] = [];
    for await (const each of site.controllers.client.all(`/api/v1/events?limit=500${query}`, event)) found.push(each);
    return found;
  };
  return {
    site,
    store: join(site.state, "cache", "images"),
    http: `http://${site.lab.rackAddress}:5248`,
    plug: (station, mac, address) =>
      plugStation(site.lab, stations, { name: station, mac, ...(address === undefined ? {} : { address }) }),
    event: (type, what, fits, seconds = 20) =>
      site.until(what, seconds, async () =>
        (await all(`&type=${type}`)).find((each) => each.type === type && fits(each)),
      ),
    allEvents: () => all(),
    logs: async () => {
      const folder = join(site.state, "logs");
      const texts = (await readdir(folder)).map((file) => readFile(join(folder, file), "utf8"));
      return (await Promise.all(texts)).join("\n");
    },
    sameProcesses: async () => {
      assert.deepEqual(await Promise.all(names.map((each) => site.pid(each))), began, names.join(", "));
    },
    [Symbol.asyncDispose]: async () => {
      await stations.disposeAsync();
      await site[Symbol.asyncDispose]();
    },
  };
}
