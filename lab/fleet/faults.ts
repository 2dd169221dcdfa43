import { z } from "zod";

/** A thing that goes wrong with a machine, and how a region that understood it calls it. */
export interface FaultDescription {
  /** What the machine does wrong, in words. */
  readonly about: string;
  /** At which part of its life: the wait in which the fault shows. */
  readonly strikes: "enlist" | "commission" | "deploy" | "install" | "boot" | "release";
  /** Codes that name the right cause; any other one is a wrong explanation. */
  readonly causes: readonly string[];
}

/**
 * Every fault a machine of the fleet can have, from its BMC to its installed system. A machine has one at most and is
 * healthy until the fault strikes.
 */
export const fleetFaults = {
  "twin-uuid": {
    about: "introduces itself with the SMBIOS UUID of a machine that is known already",
    strikes: "enlist",
    causes: ["machine-identity-taken"],
  },
  "agent-silent": {
    about: "the agent starts commissioning and then falls silent",
    strikes: "commission",
    causes: ["agent-silent"],
  },
  "script-fails": {
    about: "a step of commissioning ends with an error",
    strikes: "commission",
    causes: ["script-failed"],
  },
  "no-inventory": {
    about: "the agent finishes without telling what the machine is made of",
    strikes: "commission",
    causes: ["inventory-missing"],
  },
  "no-disk": { about: "has no disk", strikes: "deploy", causes: ["disk-missing"] },
  "small-disk": { about: "has a disk of 1 GiB", strikes: "deploy", causes: ["disk-too-small"] },
  "bmc-dead": { about: "the BMC answers nothing any more", strikes: "deploy", causes: ["bmc-unreachable"] },
  "bmc-password": { about: "the BMC has another password now", strikes: "deploy", causes: ["bmc-auth"] },
  "bmc-stays-off": {
    about: "the BMC takes the power action and does nothing",
    strikes: "deploy",
    causes: ["bmc-lies"],
  },
  "bmc-claims-on": {
    about: "the BMC says it switched the machine on, which stays off",
    strikes: "deploy",
    causes: ["no-dhcp-request"],
  },
  "boots-disk-first": {
    about: "the firmware ignores the boot order and never asks for an address",
    strikes: "deploy",
    causes: ["no-dhcp-request"],
  },
  "offer-ignored": {
    about: "the firmware asks for an address and never takes the one offered",
    strikes: "deploy",
    causes: ["dhcp-offer-not-taken"],
  },
  "odd-architecture": {
    about: "the firmware says it is of an architecture nothing is there for",
    strikes: "deploy",
    causes: ["architecture-unsupported"],
  },
  "loader-not-fetched": {
    about: "the firmware gets an address and fetches no boot loader",
    strikes: "deploy",
    causes: ["loader-not-fetched"],
  },
  "loader-cut": { about: "the transfer of the boot loader stops midway", strikes: "deploy", causes: ["loader-cut"] },
  "script-not-asked": {
    about: "the boot loader starts and never asks what to boot",
    strikes: "deploy",
    causes: ["script-not-asked"],
  },
  "kernel-not-fetched": {
    about: "the boot loader is told what to boot and fetches no kernel",
    strikes: "deploy",
    causes: ["kernel-not-fetched"],
  },
  "kernel-cut": { about: "the transfer of the kernel breaks off", strikes: "deploy", causes: ["kernel-cut"] },
  "root-not-fetched": {
    about: "the kernel starts and never fetches its root file system",
    strikes: "deploy",
    causes: ["root-image-not-fetched"],
  },
  "agent-never-starts": {
    about: "the ephemeral system starts and its agent does not",
    strikes: "deploy",
    causes: ["agent-not-started"],
  },
  "image-damaged": {
    about: "the image arrives with another hash",
    strikes: "install",
    causes: ["image-hash-mismatch"],
  },
  "agent-crashes": {
    about: "the agent cannot go on, which its user data signals",
    strikes: "install",
    causes: ["signalled-failure"],
  },
  "install-silent": {
    about: "the machine falls silent while installing",
    strikes: "install",
    causes: ["agent-silent"],
  },
  "never-reboots": { about: "stands still after the installation", strikes: "boot", causes: ["not-rebooted"] },
  "disk-does-not-boot": {
    about: "is sent to its disk and no system starts from it",
    strikes: "boot",
    causes: ["installed-system-silent"],
  },
  "cloudinit-silent": {
    about: "the installed system starts cloud-init, which stops without a word",
    strikes: "boot",
    causes: ["cloudinit-silent"],
  },
  "cloudinit-fails": {
    about: "cloud-init of the installed system reports a failure",
    strikes: "boot",
    causes: ["cloudinit-failed"],
  },
  "bmc-stays-on": {
    about: "the BMC takes the power action of the release and the machine stays on",
    strikes: "release",
    causes: ["bmc-lies"],
  },
} as const satisfies Readonly<Record<string, FaultDescription>>;

export type FleetFault = keyof typeof fleetFaults;
export const fleetFaultNames = Object.keys(fleetFaults) as FleetFault[];
export const fleetFault = z.enum(fleetFaultNames);
