import type { Architecture, BootDecision, BootPurpose, BootRequest, Failure, ImageFile } from "@rackwright/contract";
import { architectureName, bootArchitecture } from "./architectures.ts";
import { ephemeralCommandLine } from "./command-line.ts";
import type { BootFacts, BootImage, BootMachine } from "./facts.ts";

/** What the rules look at: the facts, with the question "which architecture, which images" already answered. */
export type Situation = {
  request: BootRequest;
  machine: BootMachine | null;
  architecture: Architecture | null;
  /** The newest ephemeral image of that architecture that has all its parts. */
  ephemeral: BootImage | null;
  /** The image the machine is being deployed with, when it is here and has a root image. */
  deployable: BootImage | null;
};

export type BootRule = {
  name: string;
  when: (situation: Situation) => boolean;
  purpose: BootPurpose;
  words: (situation: Situation) => string;
  failure?: (situation: Situation) => Failure;
};

const status =
  (...wanted: BootMachine["status"][]) =>
  (situation: Situation): boolean =>
    situation.machine !== null && wanted.includes(situation.machine.status);
const deploying =
  (netboot: boolean) =>
  (situation: Situation): boolean =>
    situation.machine?.status === "deploying" && situation.machine.netboot === netboot;

/** Evaluated in order, the first that matches decides. The last one always matches. */
export const bootRules: readonly BootRule[] = [
  {
    name: "deployed",
    when: status("deployed"),
    purpose: "local",
    words: () => "the machine is deployed: it boots from its disk",
  },
  {
    name: "installed",
    when: deploying(false),
    purpose: "local",
    words: () => "the system was written to the disk: the machine boots from it to finish the deployment",
  },
  {
    name: "nothing-to-do",
    when: status(
      "new",
      "ready",
      "allocated",
      "failed commissioning",
      "failed deployment",
      "releasing",
      "failed releasing",
    ),
    purpose: "poweroff",
    words: ({ machine }) =>
      machine?.status === "new"
        ? "the machine is new and waits for an operator to commission it: power off"
        : `the machine is ${machine?.status} and has nothing to do: power off`,
  },
  {
    name: "unsupported-architecture",
    when: ({ architecture }) => architecture === null,
    purpose: "none",
    words: ({ request }) => `nothing is served to this firmware: ${architectureName(request)}`,
    failure: ({ request }) => ({
      code: "architecture-unsupported",
      message: `The machine's firmware cannot start anything there is: ${architectureName(request)}.`,
      evidence: [`client ${request.client}, DHCP option 93: ${request.architecture_code ?? "absent"}`],
      next: "Switch the machine's firmware to UEFI x64, UEFI arm64 or BIOS network boot.",
    }),
  },
  {
    name: "no-ephemeral-image",
    when: ({ ephemeral }) => ephemeral === null,
    purpose: "none",
    words: ({ architecture }) => `no ephemeral image for ${architecture} is here to boot`,
    failure: ({ architecture }) => ({
      code: "ephemeral-image-missing",
      message: `No ephemeral image for ${architecture} is built, so no machine can be enlisted, commissioned or deployed.`,
      evidence: [],
      next: "Build the images: rackwright images build",
    }),
  },
  {
    name: "no-image",
    when: (situation) => deploying(true)(situation) && situation.deployable === null,
    purpose: "none",
    words: ({ machine, architecture }) =>
      `the image ${machine?.image ?? "(none)"} for ${architecture} is not here to install`,
    failure: ({ machine, architecture }) => ({
      code: "image-missing",
      message: `The image ${machine?.image ?? "(none)"} for ${architecture} to deploy is not in the image store.`,
      evidence: [],
      next: "Build or upload it (rackwright images list shows what is there), then deploy the machine again.",
    }),
  },
  {
    name: "install",
    when: deploying(true),
    purpose: "install",
    words: ({ deployable }) =>
      `the machine is being deployed: boot the ephemeral system to install ${deployable?.name}`,
  },
  {
    name: "commission",
    when: status("commissioning"),
    purpose: "commission",
    words: () => "the machine is being commissioned: boot the ephemeral system to take its inventory",
  },
  {
    name: "enlist",
    when: () => true,
    purpose: "enlist",
    words: () => "no machine with this network card is known: boot the ephemeral system to enlist it",
  },
];

function file(image: BootImage | null, role: string): ImageFile | null {
  return image?.files.find((candidate) => candidate.role === role) ?? null;
}

export function situationOf(facts: BootFacts, request: BootRequest): Situation {
  const architecture = bootArchitecture(request, facts.machine?.architecture ?? null);
  const find = (kind: BootImage["kind"], ...roles: string[]): BootImage | null =>
    facts.images.find(
      (image) =>
        image.kind === kind && image.architecture === architecture && roles.every((role) => file(image, role) !== null),
    ) ?? null;
  return {
    request,
    machine: facts.machine,
    architecture,
    ephemeral: find("ephemeral", "boot-kernel", "boot-initrd", "squashfs"),
    deployable: find("deployable", "squashfs"),
  };
}

/** The host name a machine has until it has one of its own. */
export const enlistingHostname = "rackwright-enlist";

/** What the machine boots, the rule that said so, and what is wrong where it can boot nothing. Pure. */
export function decide(
  facts: BootFacts,
  request: BootRequest,
): { decision: BootDecision; rule: BootRule; failure: Failure | null } {
  const situation = situationOf(facts, request);
  const rule = bootRules.find((candidate) => candidate.when(situation));
  if (rule === undefined) throw new Error("the last boot rule must match everything");
  const { machine, architecture, ephemeral } = situation;
  const hostname = machine?.hostname ?? enlistingHostname;
  const boots = rule.purpose !== "local" && rule.purpose !== "none";
  const part = (role: string): BootDecision["kernel"] => {
    const found = boots ? file(ephemeral, role) : null;
    return found === null ? null : { name: found.name, sha256: found.sha256, size: found.size };
  };
  const squashfs = boots ? file(ephemeral, "squashfs") : null;
  return {
    decision: {
      machine_id: machine?.id ?? null,
      purpose: rule.purpose,
      rule: rule.words(situation),
      architecture,
      hostname,
      kernel: part("boot-kernel"),
      initrd: part("boot-initrd"),
      command_line:
        squashfs === null || architecture === null
          ? ""
          : ephemeralCommandLine({
              architecture,
              hostname,
              squashfs: squashfs.sha256,
              machineId: machine?.id ?? null,
            }),
    },
    rule,
    failure: rule.failure?.(situation) ?? null,
  };
}
