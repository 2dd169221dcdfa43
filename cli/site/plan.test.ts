import assert from "node:assert/strict";
import test from "node:test";
import { CliError } from "../errors.ts";
import { apiDocument } from "../api/document.ts";
import { printSite, readSite } from "./document.ts";
import { fieldsOf } from "./fields.ts";
import { changeLines, planChanges } from "./plan.ts";

const fields = fieldsOf(apiDocument());
const now = {
  zones: [
    { name: "default", description: "" },
    { name: "hall", description: "old" },
  ],
  fabrics: [{ name: "fabric-0" }],
  vlans: [{ fabric: "fabric-0", vid: 0, mtu: 1500 }],
};

test("what differs is changed, what is not there is made, and the rest stays", () => {
  const wanted = { zones: [{ name: "hall", description: "new" }, { name: "attic" }] };
  assert.deepEqual(changeLines(planChanges(now, wanted, { prune: false, fields })), [
    "~ zones hall",
    '    description: "old" → "new"',
    "+ zones attic",
  ]);
});

test("pruning deletes what is not listed of the kinds that are named, but never what always exists", () => {
  const lines = changeLines(planChanges(now, { zones: [], fabrics: [], vlans: [] }, { prune: true, fields }));
  assert.deepEqual(lines, ["- zones hall"]);
  assert.deepEqual(planChanges(now, { fabrics: [] }, { prune: true, fields }), []);
});

test("what names others is made after them and deleted before them", () => {
  const wanted = { vlans: [{ fabric: "new", vid: 7 }], fabrics: [{ name: "new" }] };
  assert.deepEqual(changeLines(planChanges(now, wanted, { prune: false, fields })), ["+ fabrics new", "+ vlans new/7"]);
  const later = {
    ...now,
    fabrics: [...now.fabrics, { name: "new" }],
    vlans: [...now.vlans, { fabric: "new", vid: 7 }],
  };
  const gone = changeLines(planChanges(later, { fabrics: [], vlans: [] }, { prune: true, fields }));
  assert.deepEqual(gone, ["- vlans new/7", "- fabrics new"]);
});

test("what cannot be changed is made anew where nothing refers to it, and refused where something does", () => {
  const site = {
    subnets: [{ cidr: "10.0.0.0/24" }],
    "reserved-ips": [{ address: "10.0.0.9", mac: "52:54:00:00:00:01", subnet: "10.0.0.0/24", comment: "" }],
    "ip-ranges": [{ first: "10.0.0.10", last: "10.0.0.20", type: "dynamic", subnet: "10.0.0.0/24" }],
  };
  const moved = { "reserved-ips": [{ address: "10.0.0.9", mac: "52:54:00:00:00:02" }] };
  const plan = planChanges(site, moved, { prune: false, fields });
  assert.deepEqual(changeLines(plan), ["- reserved-ips 10.0.0.9", "+ reserved-ips 10.0.0.9"]);
  assert.deepEqual(plan[1]?.fields, { ...site["reserved-ips"][0], mac: "52:54:00:00:00:02" });
  const wider = { "ip-ranges": [{ first: "10.0.0.10", last: "10.0.0.99", type: "dynamic", subnet: "10.0.0.0/24" }] };
  assert.deepEqual(changeLines(planChanges(site, wider, { prune: true, fields })), [
    "- ip-ranges 10.0.0.10/10.0.0.20",
    "+ ip-ranges 10.0.0.10/10.0.0.99",
  ]);
});

test("a document comes back as it was written", () => {
  const site = { zones: [{ name: "hall", description: "yes: no\n# 'x'" }], tags: [{ name: "a", comment: "" }] };
  assert.deepEqual(readSite(printSite(site), "site.yaml", fields), site);
  assert.deepEqual(readSite("", "site.yaml", fields), {});
});

test("what is wrong with a document is said with its place and what is allowed", () => {
  const cases: [string, RegExp][] = [
    ["zones: [", /site\.yaml: .*line 1/s],
    ["- a", /the document must be a mapping/],
    ["zone: []", /'zone' is not known here; did you mean zones\?/],
    ["zones: {}", /zones must be a list/],
    ["zones: [{name: a, descripton: b}]", /zones\[0\]\.descripton is not known here; did you mean description\?/],
    ["zones: [{description: b}]", /zones\[0\]\.name must be given/],
    ["zones: [{name: a}, {name: a}]", /zones: a is there twice/],
    ["zones: &a [*a]", /zones/],
  ];
  for (const [text, told] of cases)
    assert.throws(
      () => readSite(text, "site.yaml", fields),
      (error) => error instanceof CliError && told.test(error.message) && error.exitCode === 2,
      text,
    );
});
