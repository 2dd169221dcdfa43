import assert from "node:assert/strict";
import test from "node:test";
import { Command } from "commander";
import { withTarget } from "./context.ts";
import { CliError, inOptions } from "./errors.ts";
import { flagsOf } from "./flags.ts";

const command = withTarget(new Command("update"))
  .argument("<network>")
  .option("--dns <addresses>")
  .option("--power-driver <driver>")
  .option("--to <name>");
const flags = flagsOf(command);
const said = (message: string): string => inOptions(new CliError(message, "", 2, "bad-input"), flags).message;

test("fields are told by the options and arguments that stand for them, and by no other", () => {
  assert.deepEqual(flags, {
    cidr: "<network>",
    dns: "--dns",
    dns_servers: "--dns",
    network: "<network>",
    pool: "--to",
    power_driver: "--power-driver",
    to: "--to",
    zone: "--to",
  });
});

test("an error names options where the region names fields", () => {
  assert.equal(said("dns_servers.0: must be an IP address"), "--dns must be an IP address");
  assert.equal(said("pool must be the name of a pool"), "--to must be the name of a pool");
  assert.equal(said("cidr must be a network; power_driver is x"), "<network> must be a network; --power-driver is x");
  assert.equal(said("dns_servers[1] must be an address"), "--dns must be an address");
  const sorts = "--sort must be one of to, power_driver, dns_servers with commas between";
  assert.equal(said(sorts), sorts);
  assert.equal(said("The zone is full of it."), "The zone is full of it.");
  assert.equal(said("dns This field is required."), "--dns must be given.");
  assert.equal(said("to Something is wrong."), "--to: Something is wrong.");
  assert.equal(said("vlan_id A VLAN interface must be connected."), "A VLAN interface must be connected.");
  const other = new Error("zone must be");
  assert.equal(inOptions(other, flags), other);
});
