import { z } from "zod";
import { packageRepositoryUpdate } from "@rackwright/contract";
import type { Database } from "../database/pool.ts";
import { Denied, InputError } from "../errors.ts";
import { type BuiltinArchive, builtinArchive, updateRepository } from "../package-repositories/index.ts";
import { changeSettings, changeStored } from "../settings/change.ts";
import { readSettings } from "../settings/settings.ts";
import { isStored, readStored, storedSettings } from "../settings/stored.ts";
import type { StoredSetting } from "../settings/value-types.ts";
import type { Caller } from "../users/access.ts";
import { byOf, callerOf, checked } from "./common.ts";
import { mappedSettings } from "./config-names.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { text } from "./parameters.ts";

/** Other spellings of names. */
const aliases: ReadonlyMap<string, string> = new Map([["ntp_server", "ntp_servers"]]);
const isArchive = (name: string): name is BuiltinArchive => name === "main_archive" || name === "ports_archive";

const unknown = (name: string): InputError =>
  InputError.field("name", name, `'${name.slice(0, 100)}' is not a valid config setting.`);

async function read(db: Database, name: string, caller: Caller): Promise<unknown> {
  if (isArchive(name)) return (await builtinArchive(db, name)).url;
  const mapped = Object.hasOwn(mappedSettings, name) ? mappedSettings[name] : undefined;
  if (mapped !== undefined) return mapped.read(await readSettings(db));
  if (!isStored(name)) throw unknown(name);
  const setting: StoredSetting = storedSettings[name];
  if (setting.secret && !caller.administrator) throw new Denied(`Only an administrator may read ${name}.`);
  return readStored(db, name);
}

async function write(call: Call, name: string, value: string): Promise<void> {
  const { db } = call;
  const by = byOf(call);
  if (isArchive(name)) {
    const failed = packageRepositoryUpdate.shape.url.safeParse(value).error?.issues[0]?.message;
    if (failed !== undefined) throw InputError.field(name, value.slice(0, 200), failed);
    const { id } = await builtinArchive(db, name);
    await updateRepository(db, id, checked(packageRepositoryUpdate, { url: value }), by);
    return;
  }
  const mapped = Object.hasOwn(mappedSettings, name) ? mappedSettings[name] : undefined;
  if (mapped !== undefined) await changeSettings(db, mapped.change(value, await readSettings(db), name), by);
  else if (isStored(name)) await changeStored(db, name, value, by);
  else throw unknown(name);
}

const setting = text("Name of the setting.", 100).transform((name) => aliases.get(name) ?? name);

/** `maas/`: settings one by one, under MAAS's names. */
export const configResources: readonly Resource[] = [
  {
    handler: "MaasHandler",
    path: "maas/",
    doc: "Manage the settings.",
    operations: {
      "GET get_config": operation({
        access: "user",
        title: "Read the value of a setting.",
        errors: "text",
        parameters: z.object({ name: setting }),
        run: async (call, { name }) => ({ json: await read(call.db, name, callerOf(call)) }),
      }),
      "POST set_config": operation({
        access: "admin",
        title: "Set a setting.",
        errors: "text",
        parameters: z.object({ name: setting, value: text("The new value; empty for none.") }),
        run: async (call, { name, value }) => {
          await write(call, name, value);
          return { text: "OK" };
        },
      }),
    },
  },
];
