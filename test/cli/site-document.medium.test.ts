import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import fc from "fast-check";
import { openCliSite } from "./site.ts";

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/);
const words = fc.string({ maxLength: 20 }).map((text) => text.replaceAll(/[^\x20-\x7e]/g, "").trim());
const named = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.uniqueArray(fc.record({ name: word, ...fields }), { maxLength: 3, selector: (one) => one.name });

/** A site: places, and networks of two fabrics whose parts name each other. */
const anySite = fc
  .record({
    zones: named({ description: words }),
    pools: named({ description: words }),
    tags: named({ comment: words }),
    spaces: named({ description: words }),
    mtu: fc.integer({ min: 1280, max: 9000 }),
    vids: fc.uniqueArray(fc.integer({ min: 1, max: 4094 }), { minLength: 1, maxLength: 3 }),
    gateway: fc.boolean(),
    rdns: fc.constantFrom(0, 1, 2),
  })
  .map(({ spaces, mtu, vids, gateway, rdns, ...places }) => ({
    ...places,
    spaces,
    fabrics: [{ name: "hall", description: "", class_type: null }],
    vlans: vids.map((vid) => ({ fabric: "hall", vid, name: `v${vid}`, mtu, space: spaces[0]?.name ?? null })),
    subnets: vids.map((vid, n) => ({
      cidr: `10.${n}.0.0/16`,
      vlan: `hall/${vid}`,
      gateway: gateway ? `10.${n}.0.1` : null,
      dns_servers: ["192.0.2.1", `10.${n}.0.2`],
      rdns_mode: rdns,
    })),
    "ip-ranges": vids.map((_vid, n) => ({
      first: `10.${n}.1.0`,
      last: `10.${n}.2.255`,
      type: n === 0 ? "dynamic" : "reserved",
      subnet: `10.${n}.0.0/16`,
      comment: "kept",
    })),
    "reserved-ips": [{ address: "10.0.9.9", mac: "52:54:00:00:00:09", subnet: "10.0.0.0/16", comment: "" }],
  }));

/** Whether a thing has every field of another with the same value. */
const includes = (one: object, other: object): boolean =>
  Object.entries(other).every(([field, value]) => {
    const found = Object.entries(one).find(([name]) => name === field)?.[1] as unknown;
    return JSON.stringify(found) === JSON.stringify(value);
  });

await test("a site and its document", { timeout: 120_000 }, async (t) => {
  await using site = await openCliSite();
  const file = join(site.state, "site.yaml");
  const exported = async (): Promise<string> => (await site.run("export")).lines.join("");

  await t.test("what is applied is exported, and what is exported is the site already", async () => {
    await fc.assert(
      fc.asyncProperty(anySite, async (wanted) => {
        await writeFile(file, JSON.stringify(wanted));
        const applied = await site.run("apply", "-f", file, "--prune");
        assert.deepEqual([applied.status, applied.error], [0, ""], applied.next);
        const told = JSON.parse((await site.run("export", "--json")).lines.join("")) as Record<string, object[]>;
        for (const [kind, items] of Object.entries(wanted))
          for (const item of items)
            assert.ok(
              told[kind]?.some((one) => includes(one, item)),
              `${kind} ${JSON.stringify(item)}`,
            );
        assert.deepEqual(Object.keys(told).filter((kind) => kind === "zones" || kind === "tags").length, 2);
        assert.equal(told["tags"]?.length, wanted.tags.length, "what the document does not list is gone");
        const before = await exported();
        await writeFile(file, before);
        const diff = await site.run("diff", "-f", file, "--prune");
        assert.deepEqual([diff.status, diff.lines], [0, []]);
        assert.deepEqual((await site.run("apply", "-f", file, "--prune")).lines, []);
        assert.equal(await exported(), before);
      }),
      { numRuns: 8 },
    );
  });

  await t.test("a difference is told with its values, and changes nothing", async () => {
    await writeFile(file, "zones: [{name: default, description: main hall}]\ntags: [{name: fresh}]\n");
    const before = await exported();
    const { status, lines } = await site.run("diff", "-f", file);
    assert.equal(status, 1);
    assert.deepEqual(lines, ["~ zones default", '    description: "" → "main hall"', "+ tags fresh"]);
    assert.equal(await exported(), before);
  });

  await t.test("a refusal names the thing, and the document can be applied again once it is right", async () => {
    await writeFile(file, "subnets: [{cidr: 172.16.0.0/24, vlan: hall/4000}]");
    const missing = await site.run("apply", "-f", file);
    assert.match(missing.error, /^subnets 172\.16\.0\.0\/24: vlan names vlans 'hall\/4000', which there is none of\.$/);
    await writeFile(file, "subnets: [{cidr: 172.16.0.1/24}]");
    assert.match(
      (await site.run("apply", "-f", file)).error,
      /^subnets 172\.16\.0\.1\/24: .*did you mean 172\.16\.0\.0\/24/,
    );
  });

  await t.test("DHCP of a VLAN is turned on once its range is there", async () => {
    const text = `
fabrics: [{name: late}]
vlans: [{fabric: late, vid: 0, dhcp: true}]
subnets: [{cidr: 172.20.0.0/24, vlan: late/0}]
ip-ranges: [{first: 172.20.0.100, last: 172.20.0.200, type: dynamic, subnet: 172.20.0.0/24}]
`;
    await writeFile(file, text);
    const applied = await site.run("apply", "-f", file);
    const again = await site.run("diff", "-f", file);
    assert.deepEqual([applied.error, again.lines], ["", []]);
  });

  await t.test("a range grows, and an address is kept for another card", async () => {
    const text = `
subnets: [{cidr: 172.21.0.0/24, vlan: late/0}]
ip-ranges: [{first: 172.21.0.100, last: 172.21.0.LAST, type: reserved, subnet: 172.21.0.0/24}]
reserved-ips: [{address: 172.21.0.9, mac: "52:54:00:00:00:MAC", subnet: 172.21.0.0/24}]
`;
    const ranges = "ip-ranges: []\nreserved-ips: []\n";
    await writeFile(file, ranges);
    await site.run("apply", "-f", file, "--prune");
    for (const [last, mac] of [
      ["110", "0a"],
      ["120", "0b"],
    ] as const) {
      await writeFile(file, text.replace("LAST", last).replace("MAC", mac));
      const applied = await site.run("apply", "-f", file);
      const again = await site.run("diff", "-f", file);
      // Without --prune the former range stays and the new one meets it.
      if (last === "110") assert.deepEqual([applied.error, again.lines], ["", []]);
      else assert.match(applied.error, /ip-ranges 172\.21\.0\.100\/172\.21\.0\.120/);
    }
    await writeFile(
      file,
      text
        .replace("LAST", "120")
        .replace("MAC", "0b")
        .replace(/^subnets.*$/m, ""),
    );
    const pruned = await site.run("apply", "-f", file, "--prune");
    const again = await site.run("diff", "-f", file, "--prune");
    assert.deepEqual([pruned.error, again.lines], ["", []]);
  });
});
