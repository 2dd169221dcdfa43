import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { z } from "zod";
import { systemClock } from "../clock.ts";
import { buildApp } from "../http/app.ts";
import { noLog } from "../log.ts";
import { installedSeed } from "./seed.ts";
import { registerMetadataRoutes } from "./routes.ts";
import { addMachine, machineFace } from "./testing.ts";

const run = promisify(execFile);
/** cloud-init and the libraries it imports: unpacked, not installed. */
const packages =
  "cloud-init python3-attr python3-certifi python3-chardet python3-configobj python3-idna python3-jinja2 " +
  "python3-json-pointer python3-jsonpatch python3-jsonschema python3-markupsafe python3-netifaces python3-oauthlib " +
  "python3-pyrsistent python3-requests python3-six python3-urllib3 python3-yaml";

/** Lets cloud-init's own datasource and reporter work with a system configuration, and prints what they got. */
const client = `
import json, sys, yaml
from cloudinit import helpers, reporting
from cloudinit.reporting import events, handlers
from cloudinit.sources import DataSourceMAAS
config = yaml.safe_load(sys.stdin)
config["datasource"]["MAAS"]["max_wait"] = 5
paths = helpers.Paths({"cloud_dir": sys.argv[1], "run_dir": sys.argv[1]})
source = DataSourceMAAS.DataSourceMAAS(config, None, paths)
got = source._get_data()
if "reporting" in config:
    reporting.update_configuration({"log": None, **config["reporting"]})
    with events.ReportEventStack("modules-final", "running modules for final"):
        pass
    handlers.flush_events() if hasattr(handlers, "flush_events") else reporting.flush_events()
user = source.userdata_raw
print(json.dumps({
    "got": got,
    "metadata": source.metadata,
    "user": user.decode() if isinstance(user, bytes) else user,
    "vendor": source.vendordata_raw,
    "keys": source.get_public_ssh_keys(),
}))
`;
const outcome = z.object({
  got: z.boolean(),
  metadata: z.record(z.string(), z.unknown()),
  user: z.string().nullable(),
  vendor: z.string().nullable(),
  keys: z.array(z.string()),
});

describe("cloud-init", () => {
  let folder: string;
  let face: Awaited<ReturnType<typeof machineFace>>;
  const direct = buildApp({ log: noLog });
  let rack: string;
  let owner: number;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rackwright-cloudinit-"));
    await run("apt-get", ["download", ...packages.split(" ")], { cwd: folder });
    for (const file of await readdir(folder)) await run("dpkg-deb", ["-x", join(folder, file), join(folder, "root")]);
    face = await machineFace(systemClock);
    registerMetadataRoutes(direct, { db: face.db, clock: systemClock, bundle: "/nowhere" });
    await direct.listen({ host: "127.0.0.1", port: 0 });
    rack = `http://127.0.0.1:${(direct.server.address() as AddressInfo).port}`;
    const user = { username: "ada", password_hash: "x" };
    owner = (await face.db.insertInto("users").values(user).returning("id").executeTakeFirstOrThrow()).id;
    for (const key of ["ssh-ed25519 AAAA ada@one", "ssh-ed25519 BBBB ada@two"]) {
      await face.db.insertInto("ssh_keys").values({ user_id: owner, key }).execute();
    }
  });
  after(async () => {
    await direct.close();
    await face.close();
    await rm(folder, { recursive: true });
  });

  async function cloudInit(configuration: string): Promise<z.infer<typeof outcome>> {
    const child = run("/usr/bin/python3", ["-c", client, join(folder, "state")], {
      env: { PYTHONPATH: join(folder, "root/usr/lib/python3/dist-packages"), PATH: "/usr/bin:/bin", no_proxy: "*" },
      timeout: 60_000,
    });
    child.child.stdin?.end(configuration);
    return outcome.parse(JSON.parse((await child).stdout));
  }
  const statusOf = async (id: string): Promise<string> =>
    (await face.db.selectFrom("machines").select("status").where("id", "=", id).executeTakeFirstOrThrow()).status;

  it("reads an installed machine's data by its seed, and so deploys it", async () => {
    const userData = "#!/bin/sh\necho ready\n";
    const installed = { now: new Date(), netboot: false, ownerId: owner, userData };
    const machine = await addMachine(face.db, "c00000", "deploying", installed);
    const [seed] = installedSeed({ rack, machineId: machine.id, credentials: machine.credentials });
    assert.deepEqual(await cloudInit(seed?.content ?? ""), {
      got: true,
      metadata: {
        "instance-id": "c00000",
        "local-hostname": "host-c00000",
        "public-keys": "ssh-ed25519 AAAA ada@one\nssh-ed25519 BBBB ada@two\n",
      },
      user: userData,
      vendor: "#cloud-config\n{}\n",
      keys: ["ssh-ed25519 AAAA ada@one", "ssh-ed25519 BBBB ada@two"],
    });
    assert.equal(await statusOf("c00000"), "deployed");
    const events = await face.db
      .selectFrom("events")
      .select("message")
      .where("machine_id", "=", "c00000")
      .where("type", "=", "cloudinit.progress")
      .orderBy("id")
      .execute();
    assert.deepEqual(
      events.map(({ message }) => message),
      [
        "cloudinit start modules-final: running modules for final",
        "cloudinit finish modules-final: SUCCESS: running modules for final",
      ],
    );
  });

  it("starts the agent of a machine that is commissioned, by the preseed", async () => {
    const machine = await addMachine(face.db, "c11111", "commissioning", { now: new Date() });
    await face.db.updateTable("leases").set({ address: "127.0.0.1" }).where("mac", "=", machine.mac).execute();
    const preseed = await fetch(`${rack}/MAAS/metadata/latest/by-id/c11111/?op=get_preseed`);
    const found = await cloudInit(await preseed.text());
    assert.equal(found.got, true);
    assert.match(found.user ?? "", /"mode":"task","system_id":"c11111"/);
    assert.deepEqual(found.keys, []);
    assert.equal(await statusOf("c11111"), "commissioning");
  });

  it("starts the agent of a machine nobody knows", async () => {
    const preseed = await fetch(`${rack}/MAAS/metadata/latest/enlist-preseed/?op=get_enlist_preseed`);
    const found = await cloudInit(await preseed.text());
    assert.equal(found.metadata["instance-id"], "i-rackwright-enlist");
    assert.match(found.user ?? "", /"mode":"enlist","system_id":null,"credentials":null/);
  });

  it("gets nothing with credentials of an earlier life", async () => {
    const machine = await addMachine(face.db, "c22222", "deployed", { now: new Date() });
    const [seed] = installedSeed({
      rack,
      machineId: machine.id,
      credentials: { ...machine.credentials, token_secret: "old" },
    });
    assert.equal((await cloudInit(seed?.content ?? "")).got, false);
  });
});
