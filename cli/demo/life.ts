import { machine as machineSchema } from "@rackwright/contract";
import type { Event, Machine } from "@rackwright/contract";
import { z } from "zod";
import type { ApiClient } from "../client.ts";
import { CliError } from "../errors.ts";
import type { Stopwatch } from "./clock.ts";
import { runProgram, sshArgv } from "./ssh.ts";
import type { SshKey } from "./ssh.ts";
import type { Timeline } from "./timeline.ts";

export interface LabMachine {
  readonly name: string;
  readonly mac: string;
  readonly firmware: string;
  readonly bmc: { readonly address: string; readonly user: string; readonly password: string };
}

export interface Phases {
  enlist: number;
  commission: number;
  deploy: number;
  ssh: number;
}

export interface Life {
  readonly machine: Machine;
  readonly firmware: string;
  readonly ssh: boolean;
  readonly phases: Phases;
}

export interface LifeWorld {
  readonly client: ApiClient;
  readonly watch: Stopwatch;
  readonly timeline: Timeline;
  readonly namespace: string;
  readonly key: SshKey;
  /** Resolves once an event of this machine's MAC or id satisfies the test; rejects when the machine fails. */
  until(mac: string, what: string, seconds: number, test: (event: Event) => boolean): Promise<Event>;
}

const reached =
  (status: string) =>
  (event: Event): boolean =>
    event.type === "machine.status" && event.data["to"] === status;

/** Presses the machine's power button through its BMC, as the person who plugged it in would. */
async function pressPower(world: LifeWorld, lab: LabMachine): Promise<void> {
  const ipmitool = [
    "ip",
    "netns",
    "exec",
    world.namespace,
    "ipmitool",
    "-I",
    "lanplus",
    "-C",
    "3",
    "-H",
    lab.bmc.address,
    "-U",
    lab.bmc.user,
    "-P",
    lab.bmc.password,
  ];
  for (const command of [
    ["chassis", "bootdev", "pxe"],
    ["chassis", "power", "on"],
  ]) {
    const result = await runProgram([...ipmitool, ...command], 30);
    if (result.status !== 0)
      throw new CliError(
        `The BMC of ${lab.name} refused '${command.join(" ")}': ${result.error.trim()}`,
        "See the lab's logs.",
      );
  }
  world.timeline.line(lab.name, `power on             by IPMI through its BMC at ${lab.bmc.address}`);
}

async function login(world: LifeWorld, machine: Machine, seconds: number): Promise<string> {
  const until = world.watch.seconds() + seconds;
  let last = "";
  while (world.watch.seconds() < until) {
    const { addresses } = await world.client.get(`/api/v1/machines/${machine.id}`, machineSchema);
    for (const address of addresses) {
      const result = await runProgram(
        sshArgv(world.namespace, world.key, "debian", address, "sudo -n hostname && cat /proc/uptime"),
        60,
      );
      if (result.status === 0) return `${address}: ${result.output.split("\n")[0] ?? ""}`;
      last = result.error.trim();
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new CliError(`No ssh login to ${machine.hostname} within ${seconds} s: ${last}`, "Look at its console log.");
}

/** One machine from power-off to an ssh login. Rejects with what went wrong. */
export async function liveOnce(world: LifeWorld, lab: LabMachine): Promise<Life> {
  const begun = world.watch.seconds();
  const enlisted = world.until(lab.mac, "enlist", 600, (event) => event.type === "machine.enlisted");
  const ready = world.until(lab.mac, "become ready", 1800, reached("ready"));
  ready.catch(() => undefined);
  await pressPower(world, lab);
  const id = (await enlisted).machine_id ?? "";
  const afterEnlist = world.watch.seconds();
  await ready;
  const afterCommission = world.watch.seconds();
  const machine = await world.client.send("POST", "/api/v1/machines/allocate", { id }, machineSchema);
  const deployed = world.until(lab.mac, "be deployed", 3600, reached("deployed"));
  deployed.catch(() => undefined);
  await world.client.send("POST", `/api/v1/machines/${id}/deploy`, { image: "debian-12" }, z.unknown());
  await deployed;
  const afterDeploy = world.watch.seconds();
  const answer = await login(world, machine, 300);
  world.timeline.line(lab.name, `ssh login            debian@${answer}`);
  const round = (seconds: number): number => Math.round(seconds * 10) / 10;
  return {
    machine: await world.client.get(`/api/v1/machines/${id}`, machineSchema),
    firmware: lab.firmware,
    ssh: true,
    phases: {
      enlist: round(afterEnlist - begun),
      commission: round(afterCommission - afterEnlist),
      deploy: round(afterDeploy - afterCommission),
      ssh: round(world.watch.seconds() - afterDeploy),
    },
  };
}
