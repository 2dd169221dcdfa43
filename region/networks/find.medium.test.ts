import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { sql } from "kysely";
import { testDatabase } from "../database/testing.ts";
import { Denied, InputError, NotFound } from "../errors.ts";
import { find, findOne, findSubnets, findVlans } from "./find.ts";
import type { Kind } from "./specifiers.ts";

const database = await testDatabase();
after(() => database.close());
const { db } = database;

before(async () => {
  // Numbers that are alike for nothing: fabrics 0 and 7, VLANs 5001 to 5003, subnets 1 to 4.
  await sql`insert into spaces (name) values ('dmz')`.execute(db);
  await sql`insert into fabrics (id, name, class_type) overriding system value values (7, 'lab', '10g')`.execute(db);
  await sql`insert into vlans (fabric_id, vid, name, space_id) values (7, 0, null, null), (7, 40, 'store', 1)`.execute(
    db,
  );
  await sql`insert into subnets (cidr, name, vlan_id) values ('10.0.0.0/24', null, 5001), ('10.1.0.0/24', 'front', 5002),
            ('10.2.0.0/16', 'back', 5003), ('fd00::/64', null, 5003)`.execute(db);
});

for (const [kind, specifiers, ids] of [
  ["subnet", ["2"], [2]],
  ["subnet", ["front"], [2]],
  ["subnet", ["10.0.0.0/24"], [1]],
  ["subnet", ["10.0.0.9/24"], [1]],
  ["subnet", ["cidr:fd00::/64"], [4]],
  ["subnet", ["name:10.0.0.0/24"], [1]],
  ["subnet", ["ip:10.2.200.1"], [3]],
  ["subnet", ["ip:fd00::7"], [4]],
  ["subnet", ["vid:40"], [3, 4]],
  ["subnet", ["vid:untagged"], [1, 2]],
  ["subnet", ["vlan:name:store"], [3, 4]],
  ["subnet", ["fabric:lab"], [2, 3, 4]],
  ["subnet", ["fabric:fabric-0"], [1]],
  ["subnet", ["fabric:class:10g,vid:0"], [2]],
  ["subnet", ["space:dmz"], [3, 4]],
  ["subnet", ["space:undefined"], [1, 2]],
  ["subnet", ["space:subnet:front"], []],
  ["subnet", ["space:dmz", "!cidr:fd00::/64"], [3]],
  ["subnet", ["1", "front"], [1, 2]],
  ["subnet", ["fabric:lab", "&vid:40", "|1"], [1, 3, 4]],
  ["subnet", ["not_vid:40"], [1, 2]],
  ["vlan", ["40"], [5003]],
  ["vlan", ["id:5002"], [5002]],
  ["vlan", ["untagged"], [5001, 5002]],
  ["vlan", ["name:untagged"], [5001, 5002]],
  ["vlan", ["subnet:ip:10.1.0.1"], [5002]],
  ["vlan", ["space:1"], [5003]],
  ["fabric", ["7"], [7]],
  ["fabric", ["name:lab"], [7]],
  ["fabric", ["class:10g"], [7]],
  ["space", ["subnet:cidr:10.2.0.0/16"], [1]],
  ["space", ["space-1"], [1]],
] as const satisfies [Kind, string[], number[]][])
  test(`${kind} ${specifiers.join(" ")}`, async () => {
    assert.deepEqual(await find(db, kind, specifiers), ids);
  });

test("one thing is wanted: none and several are told apart", async () => {
  assert.equal(await findOne(db, "subnet", "front"), 2);
  await assert.rejects(findOne(db, "subnet", "side"), (error) => {
    return error instanceof NotFound && error.message === "No Subnet matches the given query.";
  });
  await assert.rejects(findOne(db, "vlan", "untagged"), (error) => error instanceof Denied && error.status === 403);
  assert.deepEqual(await findSubnets(db, []), [1, 2, 3, 4]);
  assert.deepEqual(await findVlans(db, []), [5001, 5002, 5003]);
});

test("whatever is asked, the database can answer it (fuzz)", async () => {
  const pieces = [
    "subnet:",
    "vlan:",
    "space:",
    "fabric:",
    "interface:",
    "id:",
    "name:",
    "class:",
    "vid:",
    "ip:",
    "cidr:",
    ",",
    "!",
    "&",
  ];
  const values = [
    "7",
    "-1",
    "undefined",
    "10.0.0.0/24",
    "::1",
    "fd00::/999",
    "9".repeat(40),
    "9".repeat(15),
    "x'",
    "\0",
    "\uD800",
    "%",
  ];
  const text = fc
    .array(
      fc.oneof(fc.constantFrom(...pieces), fc.constantFrom(...values), fc.string({ unit: "binary", maxLength: 4 })),
      {
        maxLength: 6,
      },
    )
    .map((parts) => parts.join(""));
  const kind = fc.constantFrom<Kind[]>("subnet", "vlan", "fabric", "space");
  await fc.assert(
    fc.asyncProperty(kind, fc.array(text, { maxLength: 4 }), async (named, texts) => {
      try {
        for (const id of await find(db, named, texts)) assert.ok(Number.isSafeInteger(id));
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
      }
    }),
    { numRuns: 150 },
  );
});
