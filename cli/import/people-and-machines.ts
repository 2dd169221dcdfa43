import { randomBytes } from "node:crypto";
import { machine, user } from "@rackwright/contract";
import { z } from "zod";
import type { ApiClient } from "../client.ts";
import type { Moving } from "./translate.ts";

/** What of the people, machines and devices is not here yet. */
export type Missing = Pick<Moving, "users" | "machines" | "devices">;

const device = z.looseObject({ hostname: z.string() });

/** What of these is not here yet, by name or MAC address. */
export async function missing(client: ApiClient, moving: Missing): Promise<Missing> {
  const users = new Set<string>();
  for await (const one of client.all("/api/v1/users?limit=1000", user)) users.add(one.username);
  const known = new Set<string>();
  for await (const one of client.all("/api/v1/machines?limit=1000", machine))
    for (const name of [one.hostname, one.id, ...one.macs]) known.add(name);
  const devices = new Set<string>();
  for await (const one of client.all("/api/v1/devices?limit=1000", device)) devices.add(one.hostname);
  return {
    users: moving.users.filter(({ username }) => !users.has(username)),
    machines: moving.machines.filter(
      (one) => ![one.hostname, one.id ?? "", ...one.interfaces.map(({ mac }) => mac)].some((name) => known.has(name)),
    ),
    devices: moving.devices.filter(({ hostname }) => !devices.has(hostname)),
  };
}

const anything = z.unknown();

/** Brings people, then machines, then devices. @throws CliError at the first that is refused, with its name */
export async function bring(
  client: ApiClient,
  { users, machines, devices }: Missing,
  told: (line: string) => void,
): Promise<void> {
  for (const { username, administrator, email } of users) {
    const password = randomBytes(24).toString("base64url");
    await client.send("POST", "/api/v1/users", { username, administrator, email, password }, anything);
    told(`+ users ${username}`);
  }
  for (const one of machines) {
    await client.send("POST", "/api/v1/machines/take-over", one, anything);
    told(`+ machines ${one.hostname}, ${one.status}`);
  }
  for (const { zone, ...one } of devices) {
    const body = { ...one, ...(zone !== null && { zone }) };
    await client.send("POST", "/api/v1/devices", body, anything);
    told(`+ devices ${one.hostname}`);
  }
}
