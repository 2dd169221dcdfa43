import assert from "node:assert/strict";
import test from "node:test";
import type { Command } from "commander";
import { examples } from "./examples.ts";
import { buildProgram } from "./program.ts";
import { silentTerminal } from "./terminal.ts";
import { spoken } from "./words.ts";

/** The program whose commands do nothing, with what it says. */
function idle(): { program: Command; said: string[]; done: string[] } {
  const said: string[] = [];
  const done: string[] = [];
  const keep = (line: string): void => void said.push(line);
  const terminal = { ...silentTerminal, say: keep, print: keep };
  const program = buildProgram({ terminal, environment: {}, interrupted: new AbortController().signal });
  const visit = (command: Command, path: string): void => {
    for (const sub of command.commands) visit(sub, `${path} ${sub.name()}`.trim());
    if (command.commands.length === 0) command.action(() => void done.push(path));
  };
  visit(program, "");
  return { program, said, done };
}

/** Words as a shell splits them, as far as examples go: by spaces outside of single quotes. */
const split = (line: string): string[] =>
  [...line.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ""));

test("every example is taken by the command it explains", async () => {
  for (const [path, lines] of Object.entries(examples))
    for (const line of lines) {
      if (path === "completion") continue;
      const { program, said, done } = idle();
      const [name, ...words] = split(line);
      assert.equal(name, "rackwright", line);
      await assert.doesNotReject(program.parseAsync(words, { from: "user" }), `${line}: ${said.join(" ")}`);
      assert.equal(done.length, 1, line);
      assert.ok(done[0]?.startsWith(path) || path === "lab up", `${line} is ${done[0] ?? ""}, not ${path}`);
    }
});

test("other words for a command mean it, unless they are commands themselves", async () => {
  for (const [typed, meant] of [
    ["zones ls", "zones list"],
    ["fabrics get 1", "fabrics show"],
    ["zones rm a", "zones delete"],
    ["ssh-keys add FILE", "ssh-keys add"],
    ["groups remove a b", "groups remove"],
  ] as const) {
    const { program, done } = idle();
    await program.parseAsync(typed.split(" "), { from: "user" });
    assert.deepEqual(done, [meant], typed);
  }
});

test("wrong words are answered with where the help is", async () => {
  for (const [typed, answer] of [
    ["machines create", /--mac.*\n? {2}See 'rackwright machines create --help'/s],
    ["completion tcsh", /'tcsh' is no shell; it must be one of bash, zsh, fish/],
    ["machines list --limit x", /--limit <count> cannot be 'x'. It must be a whole number/],
  ] as const) {
    const { program, said } = idle();
    await assert.rejects(program.parseAsync(typed.split(" "), { from: "user" }));
    assert.match(said.join("\n"), answer);
  }
});

test("help begins with what is the command's own and ends with examples", async () => {
  const { program, said } = idle();
  await assert.rejects(program.parseAsync(["machines", "allocate", "--help"], { from: "user" }));
  const text = said.join("\n");
  const at = (part: string): number => {
    assert.ok(text.includes(part), part);
    return text.indexOf(part);
  };
  assert.ok(at("--cpus") < at("Region and form of the answer:"));
  assert.ok(at("--profile") < at("Examples:"));
});

test("routes and actions the region speaks of are commands here", () => {
  const said = {
    "GET /api/v1/boot-sources lists them.": "'rackwright boot-sources list' lists them.",
    "GET /api/v1/subnets/{id}/usage tells": "'rackwright subnets usage SUBNET' tells",
    "GET /api/v1/scripts/lshw/versions tells": "'rackwright scripts history lshw' tells",
    "see GET /api/v1/status, and GET /api/v1/boot/explain.": "see 'rackwright status', and 'rackwright boot explain'.",
    "GET /api/v1/machines/{id}/storage is not known": "GET /api/v1/machines/{id}/storage is not known",
    "Make a new key (POST /api/v1/tokens).": "Make a new key ('rackwright tokens create').",
    "Change it with PUT /api/v1/scripts/lshw/text.": "Change it with 'rackwright scripts upload lshw'.",
    "must exist; see /api/v1/zones": "must exist; see 'rackwright zones list'",
    'by: Invalid option: expected one of "status"|"zone"': "by: must be one of status, zone",
    "mtu: Too small: expected number to be >=552": "mtu: must be at least 552",
    "limit: Too big: expected number to be <=100": "limit: must be at most 100",
    "name: Too small: expected string to have >=1 characters": "name: must not be empty",
    "macs: Too big: expected array to have <=64 items": "macs: must have at most 64 items",
    "does not allow 'mark_broken'; rescue_mode": "does not allow 'mark-broken'; rescue-mode",
  };
  for (const [region, here] of Object.entries(said)) assert.equal(spoken(region), here);
});
