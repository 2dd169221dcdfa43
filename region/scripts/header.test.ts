import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { InputError, RegionError } from "../errors.ts";
import { headerFields } from "./header-fields.ts";
import { parseScript } from "./header.ts";
import { testScript } from "./testing.ts";

describe("a script's header", () => {
  it("is read with every field", () => {
    const parsed = parseScript(
      testScript(`
name: disk-check
title: Disk check
description: Reads the disk.
comment: first
tags: nightly, slow
script_type: test
hardware_type: disk
parallel: instance
results:
  throughput: {title: Throughput, description: MB a second}
  errors:
parameters:
  storage: {type: storage, argument_format: "--disk={path}"}
  depth: {type: choice, choices: [a, [b, The letter B]], default: a}
  seconds: {type: runtime, default: 90, min: 10, required: no}
packages:
  apt: [fio, smartmontools]
  snap: [core, {name: thing, channel: edge, mode: classic}]
  url: http://example.com/x.tar.gz
timeout: 01:02:03
destructive: yes
for_hardware: [pci:8086:1521, "modalias:pci:v00008086*", system_vendor:Dell*]
may_reboot: true
recommission: false
apply_configured_networking: on`),
    );
    assert.deepEqual(parsed, {
      name: "disk-check",
      title: "Disk check",
      description: "Reads the disk.",
      comment: "first",
      tags: ["nightly", "slow", "storage", "destructive"],
      hardware_type: "storage",
      parallel: "instance",
      results: {
        throughput: { title: "Throughput", description: "MB a second" },
        errors: { title: "", description: "" },
      },
      parameters: {
        storage: { type: "storage", argument_format: "--disk={path}", required: true },
        depth: { type: "choice", choices: ["a", "b"], default: "a", required: true },
        seconds: { type: "runtime", default: "90", min: 10, required: false },
      },
      packages: {
        apt: ["fio", "smartmontools"],
        snap: [{ name: "core" }, { name: "thing", channel: "edge", mode: "classic" }],
        url: ["http://example.com/x.tar.gz"],
      },
      timeout: 3723,
      destructive: true,
      for_hardware: ["pci:8086:1521", "modalias:pci:v00008086*", "system_vendor:Dell*"],
      may_reboot: true,
      recommission: false,
      apply_configured_networking: true,
      type: "testing",
    });
  });

  it("may be left out: a test of the node with every default", () => {
    const { type, hardware_type, parallel, timeout, tags, name } = parseScript("#!/bin/sh\ntrue\n");
    assert.deepEqual(
      { type, hardware_type, parallel, timeout, tags, name },
      { type: "testing", hardware_type: "node", parallel: "disabled", timeout: 0, tags: ["node"], name: undefined },
    );
  });

  for (const [yaml, field, allowed] of [
    ["nme: x", "header", /one of name, title/],
    ["name: 17", "header.name", /expected string/i],
    ['name: "17"', "header.name", /must not be a number/],
    ["name: ../x", "header.name", /must be 1 to 100/],
    ["name: none", "header.name", /stands for no script/],
    ["type: deployment", "header.type", /must be one of commissioning, testing, release/],
    ["hardware_type: tape", "header.hardware_type", /must be one of cpu, memory/],
    ["parallel: 7", "header.parallel", /must be one of disabled, instance, any/],
    ["timeout: soon", "header.timeout", /seconds or HH:MM:SS/],
    ["timeout: -5", "header.timeout", /seconds or HH:MM:SS/],
    ["timeout: 90000000", "header.timeout", /at most 30 days/],
    ["destructive: perhaps", "header.destructive", /true or false/],
    ["tags: [a b]", "header.tags.0", /must be 1 to 100/],
    ["for_hardware: [pci:1]", "header.for_hardware.0", /pci:8086:1521/],
    ["for_hardware: [colour:red]", "header.for_hardware.0", /must begin with one of modalias:/],
    ["packages: {pip: [x]}", "header.packages.pip", /not known/],
    ["packages: {apt: ['x; reboot']}", "header.packages.apt.0", /name of a package/],
    ["packages: {url: ['file:///etc/shadow']}", "header.packages.url.0", /http, https or ftp/],
    ["parameters: {a: {type: colour}}", "header.parameters.a.type", /must be one of storage, interface/],
    ["parameters: {a: {type: choice}}", "header.parameters.a.choices", /must list/],
    ["parameters: {a: {type: string, allow_list: true}}", "header.parameters.a.allow_list", /url only/],
    [
      "parameters: {a: {type: storage, argument_format: '{uuid}'}}",
      "header.parameters.a.argument_format",
      /\{serial\}/,
    ],
    ["parameters: {a: {type: storage}, b: {type: interface}}", "header.parameters", /at most one/],
    ["parameters: {a: {type: runtime, min: 9, max: 3}}", "header.parameters.a.min", /above max/],
    ["recommission: true", "header.recommission", /commissioning scripts only/],
    ["type: release\n#  script_type: testing".replace("#  ", ""), "header.script_type", /same as type/],
    ["results: {a/b: {}}", "header.results.a/b", /./],
    ["results: [a, off]", "header.results.1", /in quotes/],
    ["a: [", "header", /YAML map/],
    ["a: 1\na: 2", "header", /YAML map/],
    ["just words", "header", /such as '# name/],
    ["&a [*a]", "header", /such as '# name/],
    ["title: &a [*a]", "header.title", /must be text/],
    ["[".repeat(5000), "header", /YAML map/],
    ["- ".repeat(30_000), "header", /shorter YAML/],
    [`a: &a [x]\nb: &b [${"*a,".repeat(30)}]\nc: [${"*b,".repeat(30)}]`, "header", /YAML map/],
  ] as const)
    it(`is refused with the field, its value and what is allowed: ${yaml.slice(0, 40).replaceAll("\n", "; ")}`, () => {
      const error = refusal(testScript(yaml));
      const failure = error.failures?.find((one) => one.field === field);
      assert.match(failure?.allowed ?? JSON.stringify(error.failures), allowed);
      assert.equal(error.code, "script-header-invalid");
      assert.ok(error.next);
    });

  it("that is broken, or a text that is no script, is refused", () => {
    const [start, end] = ["# --- Start MAAS 1.0 script metadata ---", "# --- End MAAS 1.0 script metadata ---"];
    for (const [text, words] of [
      ["echo hi\n", /shebang/],
      ["", /shebang/],
      ["\u{feff}#!/bin/sh\n", /shebang/],
      ["#! \n", /shebang/],
      [`#!/bin/sh\n${start}\n# name: x\n`, /no end/],
      [`#!/bin/sh\n# name: x\n${end}\n`, /no start/],
      [`#!/bin/sh\n${start}\nname: x\n${end}\n`, /Line 1 of the header is no comment/],
      [`#!/bin/sh\n${start.replace("1.0", "2.0")}\n${end}\n`, /version 2\.0/],
      [`#!/bin/sh\n${start}\n${"# x\n".repeat(40_000)}${end}\n`, /too long/],
      ["#!/bin/sh\n\0", /not text/],
      ["#!/bin/sh\n\uFFFD", /not text/],
      [`#!/bin/sh\n${"x".repeat(1024 * 1024)}`, /larger than/],
    ] as const)
      assert.match(refusal(text).message, words);
  });

  it("of any sort never breaks the reader", () => {
    const line = fc.oneof(
      fc.tuple(fc.constantFrom(...headerFields), fc.json()).map(([name, value]) => `${name}: ${value}`),
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.constantFrom(
        "parameters: {a: {type: url, default: x}}",
        "results: [a]",
        "<<: {a: 1}",
        "!!binary x",
        "? [a]: b",
        "&a *a",
      ),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        try {
          parseScript(testScript(lines.join("\n")));
        } catch (error) {
          assert.ok(error instanceof RegionError, String(error));
        }
      }),
      { numRuns: 150 },
    );
  });
});

function refusal(text: string): InputError {
  try {
    parseScript(text);
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "it was taken" });
}
