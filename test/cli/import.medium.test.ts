import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import test from "node:test";
import { testMachine } from "../../region/machines/testing.ts";
import { openCliSite } from "./site.ts";

/** A site that stands for the MAAS somebody moves out of: it answers the same API. */
await test("moving in from a MAAS", { timeout: 120_000 }, async (t) => {
  await using there = await openCliSite();
  await using here = await openCliSite();
  await there.run("createadmin", "--username", "ann", "--password", "correct horse battery");
  const key = (await there.run("apikey", "--username", "ann")).lines[0] ?? "";
  const site = {
    zones: [{ name: "hall", description: "ground floor" }],
    pools: [{ name: "crew", description: "" }],
    tags: [{ name: "gpu", comment: "has a card", kernel_options: "nomodeset" }],
    fabrics: [{ name: "blue" }],
    spaces: [{ name: "dmz" }],
    vlans: [{ fabric: "blue", vid: 20, name: "twenty", mtu: 9000, space: "dmz" }],
    subnets: [{ cidr: "10.20.0.0/16", vlan: "blue/20", gateway: "10.20.0.1", dns_servers: ["10.20.0.2"] }],
    "ip-ranges": [
      { first: "10.20.1.0", last: "10.20.1.255", type: "reserved", subnet: "10.20.0.0/16", comment: "kept" },
    ],
    domains: [{ name: "lab.example" }],
  };
  const put = async (document: object): Promise<void> => {
    await writeFile(`${there.state}/site.yaml`, JSON.stringify(document));
    const applied = await there.run("apply", "-f", `${there.state}/site.yaml`);
    assert.equal(applied.error, "");
  };
  await put(site);
  const ann = await there.db.selectFrom("users").select("id").where("username", "=", "ann").executeTakeFirstOrThrow();
  const machine = await testMachine(there.db, {
    hostname: "quiet-heron",
    status: "deployed",
    owner_id: ann.id,
    image: "debian-12",
  });
  const busy = await testMachine(there.db, { hostname: "bold-finch", status: "commissioning" });
  await there.run("tags", "add", "gpu", "quiet-heron");
  await there.run("devices", "create", "--hostname", "printer", "--macs", "52:54:00:aa:bb:cc");
  const words = ["import", "maas", "--url", `${there.url}/MAAS`, "--api-key", key];
  const before = (await here.run("export")).lines.join("");

  await t.test("first as a plan, which changes nothing", async () => {
    const plan = await here.run(...words);
    assert.deepEqual([plan.status, plan.error], [0, ""]);
    for (const line of [
      "+ zones hall",
      "+ vlans blue/20",
      "+ users ann, administrator",
      "+ machines quiet-heron, deployed",
      "+ devices printer",
    ])
      assert.ok(plan.lines.includes(line), `${line} in ${plan.lines.join("\n")}`);
    assert.ok(
      plan.said.some((note) => /bold-finch is Commissioning there and comes as new/.test(note)),
      plan.said.join("\n"),
    );
    assert.ok(plan.said.some((note) => /Nothing is changed yet/.test(note)));
    assert.equal((await here.run("export")).lines.join(""), before);
    assert.deepEqual((await here.run("machines", "list", "--json")).lines, ["[]"]);
  });

  await t.test("then brought: places, networks, people, machines as they stand", async () => {
    const brought = await here.run(...words, "--apply");
    assert.deepEqual([brought.status, brought.error], [0, ""]);
    assert.equal((await here.run("export")).lines.join(""), (await there.run("export")).lines.join(""));
    const shown = JSON.parse((await here.run("machines", "show", "quiet-heron", "--json")).lines[0] ?? "{}") as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      [shown["id"], shown["status"], shown["owner"], shown["macs"], shown["tags"]],
      [machine.id, "deployed", "ann", [machine.mac], ["gpu"]],
    );
    const other = JSON.parse((await here.run("machines", "show", busy.id, "--json")).lines[0] ?? "{}") as Record<
      string,
      unknown
    >;
    assert.equal(other["status"], "new");
  });

  await t.test("and a second time there is nothing to bring", async () => {
    const again = await here.run(...words, "--apply");
    assert.deepEqual([again.error, again.lines], ["", []]);
  });

  await t.test("what is wrong with address or key is said before anything is read", async () => {
    const wrongKey = await here.run("import", "maas", "--url", `${there.url}/MAAS`, "--api-key", "a:b:c");
    assert.match(wrongKey.error, /Invalid API key/);
    assert.match(
      (await here.run("import", "maas", "--url", `${there.url}/nothing`, "--api-key", key)).error,
      /answered 404|not understood/,
    );
    assert.match((await here.run("import", "maas", "--url", "nowhere", "--api-key", key)).error, /is not an address/);
    assert.match(
      (await here.run("import", "maas", "--url", `${there.url}/MAAS`, "--api-key", "abc")).error,
      /none of MAAS/,
    );
  });
});
