import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { completeFilter } from "./filter-completion.ts";
import {
  type Filter,
  type FilterField,
  choicesOf,
  fieldRule,
  filterFieldNames,
  parseQuantity,
  printQuantity,
} from "./filter-fields.ts";
import { printFilter, printFilterOf } from "./filter-print.ts";
import { FilterError } from "./filter-error.ts";
import { fieldsOf, filterText, longestFilter, parseFilter, readFilter } from "./filters.ts";

const field = (name: FilterField, ...values: (string | number)[]): Filter => ({
  kind: "field",
  field: name,
  comparison: ":",
  values,
});

test("the example of the documentation reads as it is meant", () => {
  assert.deepEqual(
    parseFilter("status:ready,new cpu>=8 memory>=16G tag:gpu not zone:lab hostname:web* power:on free storage>1.5T"),
    {
      kind: "and",
      of: [
        field("status", "ready", "new"),
        { kind: "field", field: "cpu", comparison: ">=", values: [8] },
        { kind: "field", field: "memory", comparison: ">=", values: [16 * 2 ** 30] },
        field("tag", "gpu"),
        { kind: "not", of: field("zone", "lab") },
        field("hostname", "web*"),
        field("power", "on"),
        { kind: "text", text: "free" },
        { kind: "field", field: "storage", comparison: ">", values: [1_500_000_000_000] },
      ],
    },
  );
});

test("'or' binds weaker than conditions side by side, parentheses and 'not' stronger", () => {
  const [a, b, c] = [field("pool", "a"), field("pool", "b"), field("pool", "c")];
  assert.deepEqual(parseFilter("pool:a pool:b or pool:c"), { kind: "or", of: [{ kind: "and", of: [a, b] }, c] });
  assert.deepEqual(parseFilter("pool:a (pool:b OR pool:c)"), { kind: "and", of: [a, { kind: "or", of: [b, c] }] });
  assert.deepEqual(parseFilter("not pool:a and pool:b"), { kind: "and", of: [{ kind: "not", of: a }, b] });
  assert.deepEqual(parseFilter("not(pool:a pool:b)pool:c"), {
    kind: "and",
    of: [{ kind: "not", of: { kind: "and", of: [a, b] } }, c],
  });
  assert.deepEqual(parseFilter("  "), { kind: "and", of: [] });
});

test("statuses of several words need no quotation marks, and stars take several at once", () => {
  assert.deepEqual(parseFilter("status:failed-commissioning"), field("status", "failed commissioning"));
  assert.deepEqual(parseFilter('status:"failed commissioning"'), field("status", "failed commissioning"));
  const failed = parseFilter("status:failed*");
  assert.ok(failed.kind === "field" && failed.values.length > 3);
  assert.ok(failed.kind === "field" && failed.values.every((value) => String(value).startsWith("failed ")));
});

test("many stars in a choice take no longer than one", () => {
  assert.deepEqual(parseFilter(`status:${"*".repeat(1900)}`), parseFilter("status:*"));
  assert.throws(() => parseFilter(`status:${"*".repeat(1900)}z`), FilterError);
  assert.deepEqual(parseFilter("status:f*ed*test*g"), parseFilter('status:"failed testing"'));
  assert.throws(() => parseFilter("status:failed*failed"), FilterError);
});

test("what is wrong is told with its place, what was found and what is allowed", () => {
  const complaint = (text: string): [number, string, string] => {
    try {
      parseFilter(text);
    } catch (error) {
      if (error instanceof FilterError) return [error.position, error.found, error.allowed];
      throw error;
    }
    return assert.fail(`'${text}' was taken`);
  };
  const cases: [string, number, string, RegExp][] = [
    ["status:ready cpus>=8", 13, "cpus", /one of the fields status, power, .*cpu/],
    ["status:redy", 7, "redy", /one of new, commissioning, "failed commissioning"/],
    ["memory>=lots", 8, "lots", /whole number with K, M, G/],
    ["cpu>=8G", 5, "8G", /^a whole number$/],
    ["cpu>=8,9", 6, ",", /single number after >=/],
    ["hostname>web", 8, ">", /':' after hostname/],
    ["zone:", 5, "", /a value after zone/],
    ["(zone:lab", 9, "", /'\)' for the '\(' at character 1/],
    ["zone:lab)", 8, ")", /a '\(' before/],
    ["zone:lab or", 11, "", /a condition such as/],
    ["or zone:lab", 0, "or", /a condition such as/],
    ["()", 1, ")", /a condition such as/],
    ['zone:"lab', 5, '"lab', /closing quotation mark/],
    ['zone:lab"x"', 8, '"', /a space/],
    [">8", 0, ">", /one of the fields/],
    ["52:54:00:12:34:56", 0, "52", /in quotation marks/],
  ];
  for (const [text, position, found, allowed] of cases) {
    const [at, seen, wanted] = complaint(text);
    assert.deepEqual([at, seen], [position, found], text);
    assert.match(wanted, allowed, text);
  }
  assert.equal(complaint("a".repeat(longestFilter + 1))[0], longestFilter);
  assert.match(complaint("(".repeat(100))[2], /levels/);
  assert.match(complaint("not ".repeat(100))[2], /levels/);
  assert.match(complaint("a ".repeat(300))[2], /conditions/);
  const mistyped = (text: string): string => filterText.safeParse(text).error?.issues[0]?.message ?? "";
  assert.match(mistyped("statsu:ready"), /found 'statsu' \(did you mean status\?\), where/);
  assert.match(mistyped("status:deployd"), /found 'deployd' \(did you mean deployed\?\), where/);
  const parsed = filterText.safeParse("zone:");
  assert.match(parsed.error?.issues[0]?.message ?? "", /^at character 6: found the end, where there must be a value/);
});

const text = fc.oneof(
  fc.stringMatching(/^[a-z0-9*._-]{1,12}$/),
  fc.string({ minLength: 1, maxLength: 8 }),
  fc.constantFrom("or", "NOT", "and", "(", '"', "\\", "a b", "x:y", ","),
);
const condition: fc.Arbitrary<Filter> = fc.constantFrom(...filterFieldNames).chain((name): fc.Arbitrary<Filter> => {
  const rule = fieldRule(name);
  if (rule.kind === "text")
    return fc.array(text, { minLength: 1, maxLength: 3 }).map((values) => field(name, ...values));
  if (rule.kind !== "number")
    return fc.subarray([...(choicesOf(rule) ?? [])], { minLength: 1 }).map((values) => field(name, ...values));
  const number = fc.oneof(
    fc.maxSafeNat(),
    fc.nat({ max: 64 }).map((count) => count * (rule.unit ?? 1) ** 3),
  );
  return fc.oneof(
    fc
      .tuple(fc.constantFrom(">=" as const, "<=" as const, ">" as const, "<" as const), number)
      .map(([comparison, value]): Filter => ({ kind: "field", field: name, comparison, values: [value] })),
    fc.array(number, { minLength: 1, maxLength: 3 }).map((values) => field(name, ...values)),
  );
});
const filters = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    condition,
    text.map((one): Filter => ({ kind: "text", text: one })),
    tie("filter").map((of): Filter => ({ kind: "not", of })),
    fc
      .tuple(fc.constantFrom("and" as const, "or" as const), fc.array(tie("filter"), { minLength: 2, maxLength: 3 }))
      .map(([kind, of]): Filter => ({ kind, of })),
  ),
})).filter;

test("a printed filter reads as the same filter", () => {
  fc.assert(
    fc.property(filters, (filter) => {
      const printed = printFilter(filter);
      fc.pre(printed.length <= longestFilter);
      assert.deepEqual(parseFilter(printed), filter);
      assert.ok(fieldsOf(filter).every((name) => printed.includes(name)));
    }),
    { numRuns: 500 },
  );
});

test("any text is read, or refused at a place in it; spoilt filters too", () => {
  const pieces = fc.constantFrom(
    "status",
    ":",
    ",",
    ">=",
    "(",
    ")",
    "not",
    "or",
    " ",
    '"',
    "\\",
    "*",
    "16G",
    "ready",
    "=",
  );
  const spoilt = fc.tuple(filters, fc.nat(), fc.string({ maxLength: 3 })).map(([filter, at, other]) => {
    const printed = printFilter(filter);
    const place = at % (printed.length + 1);
    return printed.slice(0, place) + other + printed.slice(place + other.length);
  });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(pieces).map((all) => all.join("")),
        spoilt,
      ),
      (given) => {
        try {
          const filter = parseFilter(given);
          assert.deepEqual(parseFilter(printFilter(filter)), filter);
        } catch (error) {
          if (!(error instanceof FilterError)) throw error;
          assert.ok(error.position >= 0 && error.position <= given.length && error.allowed !== "");
          assert.ok(given.startsWith(error.found, error.position));
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test("fields of any kind are read, printed and completed by their own table", () => {
  const fields = {
    seen_at: { kind: "time", meaning: "" },
    enabled: { kind: "boolean", meaning: "" },
    size: { kind: "number", unit: 1000, meaning: "" },
  } as const;
  const read = readFilter("seen_at>=2026-01-31T12:00:00+01:00 enabled:TRUE or seen_at:2026,2024-02 size<=1.5M", fields);
  assert.deepEqual(read, {
    kind: "or",
    of: [
      {
        kind: "and",
        of: [
          { kind: "field", field: "seen_at", comparison: ">=", values: ["2026-01-31T12:00:00+01:00"] },
          { kind: "field", field: "enabled", comparison: ":", values: ["true"] },
        ],
      },
      {
        kind: "and",
        of: [
          { kind: "field", field: "seen_at", comparison: ":", values: ["2026", "2024-02"] },
          { kind: "field", field: "size", comparison: "<=", values: [1_500_000] },
        ],
      },
    ],
  });
  assert.deepEqual(readFilter(printFilterOf(fields, read), fields), read);
  for (const [text, allowed] of [
    ["seen_at>=yesterday", /a time such as 2026, 2026-01/],
    ["seen_at>2026,2027", /a single time after >/],
    ["seen_at>*", /a time such as/],
    ["enabled>true", /which is no number and no time/],
    ["status:ready", /one of the fields seen_at, enabled, size \(/],
    ["", null],
  ] as const)
    if (allowed === null) assert.deepEqual(readFilter(text, fields), { kind: "and", of: [] });
    else assert.throws(() => readFilter(text, fields), allowed);
});

test("numbers keep every byte through print and parse", () => {
  assert.equal(parseQuantity("1.5T", 1000), 1.5e12);
  assert.equal(printQuantity(16 * 2 ** 30, 1024), "16G");
  assert.deepEqual(
    ["16GB", "16GiB", "16gib"].map((text) => parseQuantity(text, 1000)),
    [16e9, 16 * 2 ** 30, 16 * 2 ** 30],
  );
  assert.equal(parseQuantity("16GB", 1024), 16 * 2 ** 30);
  for (const bad of ["", "-1", "1e3", "16B", "16iB", "16Gi", "9".repeat(17), "9000000P"])
    assert.equal(parseQuantity(bad, 1024), null);
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.constantFrom(1000 as const, 1024 as const, null), (value, unit) =>
      assert.equal(parseQuantity(printQuantity(value, unit), unit), value),
    ),
  );
});

test("completion offers fields, choices and what exists, for the word the cursor is in", () => {
  const offered = (typed: string, known = {}) => {
    const { from, to, options } = completeFilter(typed, typed.length, known);
    return options.map((option) => typed.slice(0, from) + option.text + typed.slice(to));
  };
  assert.deepEqual(offered("status:ready cp"), ["status:ready cpu>="]);
  assert.deepEqual(offered("status:re"), [
    "status:ready",
    "status:reserved",
    "status:releasing",
    'status:"rescue mode"',
    "status:retired",
  ]);
  assert.deepEqual(offered("(zone:lab,s", { zone: ["South", "lab", "s 1"] }), ["(zone:lab,South", '(zone:lab,"s 1"']);
  assert.deepEqual(offered("zone:lab n"), ["zone:lab not "]);
  assert.ok(completeFilter("", 0).options.length > filterFieldNames.length);
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: -5, max: 50 }), (typed, position) => {
      const { from, to } = completeFilter(typed, position);
      assert.ok(from >= 0 && from <= to && to <= typed.length);
    }),
  );
});
