import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import test from "node:test";
import { type Machine, allocateRequest } from "@rackwright/contract";
import { buildProgram } from "../program.ts";
import { silentTerminal } from "../terminal.ts";

type Asked = { readonly what: string; readonly body: unknown };

/** Runs the command line against a server that knows these answers, and tells what it printed and changed. */
async function run(words: readonly string[], answers: Readonly<Record<string, unknown>>) {
  const asked: Asked[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString("utf8");
    const what = `${request.method ?? ""} ${(request.url ?? "").replace(/[?&]limit=\d+/, "")}`;
    if (request.method !== "GET") asked.push({ what, body: text === "" ? undefined : JSON.parse(text) });
    const found = answers[what];
    const refused = { type: "about:blank", title: "No", status: 404, detail: `no ${what}`, code: "not-found" };
    response.writeHead(found === undefined ? 404 : 200).end(JSON.stringify(found ?? refused));
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const lines: string[] = [];
  const terminal = {
    ...silentTerminal,
    print: (line: string) => lines.push(line),
    say: (line: string) => lines.push(line),
  };
  const program = buildProgram({ terminal, environment: {}, interrupted: new AbortController().signal });
  try {
    await program.parseAsync([...words, "--url", `http://127.0.0.1:${port}`, "--api-key", "a:b:c"], { from: "user" });
    return { asked, lines, error: undefined };
  } catch (error) {
    return { asked, lines, error: error instanceof Error ? error : new Error(String(error)) };
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const page = (...items: object[]): object => ({ items, next: null });
const network = {
  "GET /api/v1/fabrics": page({ id: 0, name: "fabric-0" }, { id: 3, name: "backbone" }),
  "GET /api/v1/spaces": page({ id: 7, name: "dmz" }),
  "GET /api/v1/vlans": page(
    { id: 5001, fabric_id: 0, vid: 0, name: "untagged", space_id: null },
    { id: 5002, fabric_id: 3, vid: 0, name: "untagged", space_id: null },
    { id: 5003, fabric_id: 3, vid: 20, name: null, space_id: 7 },
  ),
};
const storage = {
  machine_id: "abc123",
  devices: [
    { id: 1, name: "sda", size: 1024 ** 3, partitions: [{ id: 4, name: "sda-part1" }] },
    { id: 2, name: "sdb", size: 1024 ** 3, partitions: [] },
  ],
  unsupported: ["nothing is at /", "no GPT"],
};

const at = "2026-01-01T00:00:00.000Z";
const heron: Machine = {
  id: "abc123",
  hostname: "heron",
  status: "ready",
  status_since: at,
  waits_for: null,
  deadline: null,
  failure: null,
  owner: null,
  architecture: "amd64",
  firmware: null,
  power_state: "off",
  power_driver: null,
  power_address: null,
  cpu_count: 4,
  memory: null,
  storage: null,
  boot_mac: null,
  macs: ["52:54:00:12:34:56"],
  addresses: [],
  image: null,
  progress: null,
  locked: false,
  ephemeral: false,
  zone: "default",
  pool: "default",
  tags: [],
  actions: [],
  created_at: at,
};

test("other things are given by their names, and null is null", async () => {
  const vlan = { id: 5003, fabric_id: 3, vid: 20, name: null, space_id: null };
  const made = await run(["vlans", "create", "--fabric", "backbone", "--vid", "20", "--space", "dmz"], {
    ...network,
    "POST /api/v1/vlans": { ...vlan, space_id: 7 },
  });
  assert.deepEqual(made.asked, [{ what: "POST /api/v1/vlans", body: { fabric_id: 3, vid: 20, space_id: 7 } }]);
  assert.ok(
    made.lines.some((line) => /^fabric +backbone$/.test(line)),
    made.lines.join("\n"),
  );
  const changed = await run(["vlans", "update", "backbone:20", "--space", "null", "--mtu", "9000"], {
    ...network,
    "PATCH /api/v1/vlans/5003": vlan,
  });
  assert.deepEqual(changed.asked, [{ what: "PATCH /api/v1/vlans/5003", body: { space_id: null, mtu: 9000 } }]);
});

test("a name that means several things or none is refused with those there are", async () => {
  const several = await run(["vlans", "show", "untagged"], network);
  assert.match(several.error?.message ?? "", /2 of them are called 'untagged'/);
  const none = await run(["vlans", "create", "--fabric", "backbonee", "--vid", "1"], network);
  assert.match(none.error?.message ?? "", /There is no fabric 'backbonee'/);
  assert.deepEqual(none.asked, []);
});

test("what must be given is told by its option, before anything is asked", async () => {
  const { error, asked } = await run(["vlans", "create", "--name", "x"], network);
  assert.equal(error?.message, "--fabric <fabric> and --vid <number> must be given.");
  assert.deepEqual(asked, []);
});

test("the disks of a machine are named as its storage names them", async () => {
  const path = "/api/v1/machines/abc123/storage";
  const answers = {
    "GET /api/v1/machines&q=heron": page(heron),
    [`GET ${path}`]: storage,
    [`POST ${path}/groups`]: storage,
    [`DELETE ${path}/devices/1/partitions/4`]: storage,
  };
  const group = ["machines", "storage", "groups", "create", "heron", "--kind", "raid-1", "--name", "md0"];
  const made = await run([...group, "--devices", "sdb", "--partitions", "sda-part1"], answers);
  assert.deepEqual(made.asked.at(-1)?.body, { kind: "raid-1", name: "md0", devices: [2], partitions: [4] });
  const words = ["machines", "storage", "devices", "partitions", "delete", "heron", "sda", "sda-part1"];
  const gone = await run(words, answers);
  assert.deepEqual(gone.asked, [{ what: `DELETE ${path}/devices/1/partitions/4`, body: undefined }]);
  assert.ok(gone.lines.includes("unsupported  nothing is at /; no GPT"), gone.lines.join("\n"));
  assert.ok(
    gone.lines.some((line) => /^ {2}1 +sda +1 GiB +sda-part1$/.test(line)),
    gone.lines.join("\n"),
  );
});

test("a trial asks for a plan and says that nothing was done", async () => {
  const { asked, lines } = await run(["spaces", "create", "--name", "x", "--dry-run"], {
    "POST /api/v1/spaces?dry_run=true": {
      dry_run: true,
      status: 201,
      before: null,
      after: { id: 1 },
      changed: [],
      events: [],
      power: [{ machine_id: "abc123", action: "cycle", boot_device: null }],
    },
  });
  assert.equal(asked[0]?.what, "POST /api/v1/spaces?dry_run=true");
  assert.deepEqual(lines, ["Nothing was done. This is what would be:", "The BMC of abc123 is told: cycle"]);
});

const plan = { dry_run: true, status: 200, before: null, after: {}, changed: [], events: [], power: [] };

test("every wish of an allocation is an option", async () => {
  const wish = {
    cpu_count: 8,
    memory: 64 * 1024 ** 3,
    architecture: "amd64",
    zone: ["a", "b"],
    not_zone: ["c"],
    pool: ["d"],
    not_pool: ["e"],
    tags: ["f"],
    not_tags: ["g"],
    subnets: ["10.0.0.0/24"],
    not_subnets: ["h"],
    vlans: ["20"],
    not_vlans: ["30"],
    storage: "root:100(ssd,fast),data:1000",
    interfaces: "eth0:tag=x;eth1:tag=y",
    devices: "vendor_id=8086",
    agent_name: "i",
    comment: "j",
    owner: "k",
  };
  const words = [
    ..."allocate --cpus 8 --memory 64G --arch amd64 --zone a,b --not-zone c --pool d --not-pool e --tags f".split(" "),
    ..."--not-tags g --subnets 10.0.0.0/24 --not-subnets h --vlans 20 --not-vlans 30 --dry-run".split(" "),
    ..."--storage root:100(ssd,fast) --storage data:1000 --interfaces eth0:tag=x --interfaces eth1:tag=y".split(" "),
    ..."--devices vendor_id=8086 --agent-name i --comment j --for k".split(" "),
  ];
  const path = "POST /api/v1/machines/allocate?dry_run=true";
  const { asked, error } = await run(["machines", ...words], { [path]: plan });
  assert.equal(error, undefined);
  assert.deepEqual(asked, [{ what: path, body: wish }]);
  assert.deepEqual(
    Object.keys(allocateRequest.shape).filter((name) => !["id", "hostname", ...Object.keys(wish)].includes(name)),
    [],
  );
});

test("acting on machines can be tried, one by one and on many", async () => {
  const one = "POST /api/v1/machines/abc123/commission?dry_run=true";
  const found = { "GET /api/v1/machines&q=heron": page(heron) };
  const single = await run(["machines", "commission", "heron", "--skip-storage", "--dry-run"], {
    ...found,
    [one]: plan,
  });
  assert.deepEqual(single.asked, [{ what: one, body: { skip_storage: true } }]);
  const bulk = "POST /api/v1/machines/bulk?dry_run=true";
  const refused = { id: "abc123", ok: false, status: "ready", code: "x", error: "Not 'mark_fixed' now.", next: null };
  const many = await run(["machines", "set-zone", "heron", "--to", "a", "--dry-run"], {
    ...found,
    [bulk]: { ...plan, after: { done: 0, items: [refused] } },
  });
  assert.deepEqual(many.asked, [
    { what: bulk, body: { machines: ["abc123"], action: "set_zone", options: { zone: "a" } } },
  ]);
  assert.deepEqual(many.lines.slice(1), ["abc123 would refuse: Not 'mark-fixed' now."]);
});

test("a thing with two names of its own is asked for by them", async () => {
  const path = "/api/v1/license-keys/windows/win2022";
  const { asked, error } = await run(["license-keys", "delete", "windows", "win2022"], { [`DELETE ${path}`]: null });
  assert.equal(error, undefined);
  assert.deepEqual(asked, [{ what: `DELETE ${path}`, body: undefined }]);
});

test("a range is named by its first address or by both; what nothing lists, by its number", async () => {
  const ranges = { "GET /api/v1/ip-ranges": page({ id: 3, first: "10.0.0.5", last: "10.0.0.9" }) };
  for (const name of ["10.0.0.5", "10.0.0.5-10.0.0.9", "3"]) {
    const { asked } = await run(["ip-ranges", "delete", name], { ...ranges, "DELETE /api/v1/ip-ranges/3": null });
    assert.equal(asked[0]?.what, "DELETE /api/v1/ip-ranges/3", name);
  }
  const { error } = await run(["dns-records", "delete", "www"], {});
  assert.equal(error?.message, "'www' is no number of a DNS record.");
});

test("spares, members and cache sets are named as the storage names them", async () => {
  const path = "/api/v1/machines/abc123/storage";
  const held = { ...storage, groups: [{ id: 8, name: "md0" }], cache_sets: [{ id: 6, name: "cache0", members: [] }] };
  const answers = {
    "GET /api/v1/machines&q=heron": page(heron),
    "GET /api/v1/machines/abc123": heron,
    [`GET ${path}`]: held,
    [`POST ${path}/groups`]: { ...held, boot_disk_id: 1 },
    [`PATCH ${path}/groups/8`]: held,
  };
  const groups = ["machines", "storage", "groups"];
  const made = await run(
    [...groups, "create", "heron", "--kind", "bcache", "--devices", "sdb", "--cache-set", "cache0"],
    answers,
  );
  assert.deepEqual(made.asked.at(-1)?.body, { kind: "bcache", devices: [2], cache_set_id: 6 });
  assert.ok(made.lines.includes("machine      heron"), made.lines.join("\n"));
  assert.ok(made.lines.includes("boot_disk    sda"), made.lines.join("\n"));
  const changed = await run(
    [...groups, "update", "heron", "md0", "--add-spares-devices", "sda,sdb", "--add-spares-partitions", "sda-part1"],
    answers,
  );
  assert.deepEqual(changed.asked.at(-1)?.body, { add_spares: { devices: [1, 2], partitions: [4] } });
});

test("names of one's own and their values are given one by one", async () => {
  const answers = {
    "GET /api/v1/devices": page({ id: "dev001", hostname: "printer", parent: "abc123" }),
    "PATCH /api/v1/devices/dev001/annotations": { id: "dev001", parent: "abc123" },
    "GET /api/v1/machines/abc123": heron,
  };
  const { asked, lines } = await run(["devices", "annotations", "printer", "room=2.14", "owner="], answers);
  assert.deepEqual(asked[0]?.body, { room: "2.14", owner: "" });
  assert.ok(lines.includes("parent  heron"), lines.join("\n"));
  const nothing = await run(["devices", "annotations", "printer"], answers);
  assert.equal(nothing.error?.message, "Nothing is given to change.");
});

test("lists of commands made by hand are filtered and sorted, and say so where the filter finds none", async () => {
  const asked = "filter=name%3Ax&sort=-name";
  const listing = ["--filter", "name:x", "--sort", "-name"];
  const keys = await run(["users", "keys", "bob", ...listing], { [`GET /api/v1/users/bob/tokens&${asked}`]: page() });
  assert.deepEqual(keys.lines, ["The filter finds none."]);
  const leases = await run(["subnets", "leases", ...listing], { [`GET /api/v1/leases&${asked}`]: page() });
  assert.deepEqual(leases.lines, ["The filter finds none."]);
  const twins = await run(["machines", "twins", ...listing], { [`GET /api/v1/twins&${asked}`]: page() });
  assert.equal(twins.error, undefined);
});

test("a user has an address and a name", async () => {
  const words = ["users", "update", "bob", "--email", "", "--full-name", "Bob B."];
  const { asked } = await run(words, {});
  assert.deepEqual(asked[0]?.body, { email: "", full_name: "Bob B." });
});
