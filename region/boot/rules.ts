import { architectureUnsupported, ephemeralImageMissing, imageMissing, makeFailure } from "@rackwright/contract";
import type { BootPurpose, Failure } from "@rackwright/contract";
import { architectureName } from "./architectures.ts";
import { missingForMemory, shortOfMemory } from "./memory.ts";
import type { Situation } from "./situation.ts";
import {
  type Condition,
  unknown,
  status,
  ordered,
  both,
  unservable,
  noEphemeral,
  noDeployable,
  notForMemory,
  tooLittleMemory,
} from "./conditions.ts";

export type BootRule = {
  name: string;
  when: Condition;
  purpose: BootPurpose;
  words: (situation: Situation) => string;
  failure?: (situation: Situation) => Failure;
};

/** Evaluated in order, the first that matches decides. The last one always matches. */
export const bootRules: readonly BootRule[] = [
  {
    name: "deployed",
    when: both(status("deployed"), ordered("local")),
    purpose: "local",
    words: () => "the machine is deployed: it boots from its disk",
  },
  {
    name: "installed",
    when: both(status("deploying"), ordered("local")),
    purpose: "local",
    words: () => "the system was written to the disk: the machine boots from it to finish the deployment",
  },
  {
    name: "own-system",
    when: ordered("local"),
    purpose: "local",
    words: ({ machine }) =>
      `the machine is ${machine?.status} and keeps the system it was deployed with: it boots from its disk`,
  },
  {
    name: "nothing-to-do",
    when: ordered("poweroff"),
    purpose: "poweroff",
    words: ({ machine }) =>
      machine?.status === "new"
        ? "the machine is new and waits for an operator to commission it: power off"
        : `the machine is ${machine?.status} and has nothing to do: power off`,
  },
  {
    name: "unsupported-architecture",
    when: unservable,
    purpose: "none",
    words: ({ request }) => `nothing is served to this firmware: ${architectureName(request)}`,
    failure: ({ request }) =>
      makeFailure(
        architectureUnsupported,
        `The machine's firmware cannot start anything there is: ${architectureName(request)}.`,
        [`client ${request.client}, DHCP option 93: ${request.architecture_code ?? "absent"}`],
      ),
  },
  {
    name: "no-memory-image",
    when: both(ordered("memory"), noDeployable),
    purpose: "none",
    words: ({ machine, architecture }) =>
      `the image ${machine?.image ?? "(none)"} for ${architecture} is not here to run from memory`,
    failure: ({ machine, architecture }) =>
      makeFailure(
        imageMissing,
        `The image ${machine?.image ?? "(none)"} for ${architecture} to run from memory is not in the image store.`,
      ),
  },
  {
    name: "not-for-memory",
    when: both(ordered("memory"), notForMemory),
    purpose: "none",
    words: ({ deployable }) => `the image ${deployable?.name} has no kernel and initrd to run from memory with`,
    failure: ({ deployable }) => told(deployable && missingForMemory(deployable)),
  },
  {
    name: "too-little-memory",
    when: both(ordered("memory"), tooLittleMemory),
    purpose: "none",
    words: ({ deployable }) => `the machine has too little memory to run ${deployable?.name} from it`,
    failure: ({ machine, deployable }) => told(deployable && shortOfMemory(machine?.memory ?? null, deployable)),
  },
  {
    name: "memory",
    when: ordered("memory"),
    purpose: "memory",
    words: ({ machine, deployable }) =>
      machine?.status === "deploying"
        ? `the machine is being deployed to memory: boot ${deployable?.name} from the network`
        : `the machine is deployed to memory: boot ${deployable?.name} from the network again`,
  },
  {
    name: "no-ephemeral-image",
    when: noEphemeral,
    purpose: "none",
    words: ({ architecture }) => `no ephemeral image for ${architecture} is here to boot`,
    failure: ({ architecture }) =>
      makeFailure(
        ephemeralImageMissing,
        `No ephemeral image for ${architecture} is built, so no machine can be enlisted, commissioned or deployed.`,
      ),
  },
  {
    name: "no-image",
    when: both(ordered("install"), noDeployable),
    purpose: "none",
    words: ({ machine, architecture }) =>
      `the image ${machine?.image ?? "(none)"} for ${architecture} is not here to install`,
    failure: ({ machine, architecture }) =>
      makeFailure(
        imageMissing,
        `The image ${machine?.image ?? "(none)"} for ${architecture} to deploy is not in the image store.`,
      ),
  },
  {
    name: "install",
    when: ordered("install"),
    purpose: "install",
    words: ({ deployable }) =>
      `the machine is being deployed: boot the ephemeral system to install ${deployable?.name}`,
  },
  {
    name: "commission",
    when: ordered("commission"),
    purpose: "commission",
    words: () => "the machine is being commissioned: boot the ephemeral system to take its inventory",
  },
  {
    name: "test",
    when: ordered("test"),
    purpose: "test",
    words: () => "the machine is being tested: boot the ephemeral system to run the tests",
  },
  {
    name: "release",
    when: ordered("release"),
    purpose: "release",
    words: ({ machine }) =>
      machine?.status === "disk erasing"
        ? "the machine's disks are to be erased: boot the ephemeral system to do it"
        : "the machine is being released: boot the ephemeral system to run the release scripts",
  },
  {
    name: "rescue",
    when: ordered("rescue"),
    purpose: "rescue",
    words: () => "the machine is in rescue mode: boot the ephemeral system and leave its disks alone",
  },
  {
    name: "enlist",
    when: ({ machine }) => ({
      holds: true,
      because: machine === null ? unknown.because : `no rule before was for a machine that is ${machine.status}`,
    }),
    purpose: "enlist",
    words: () => "no machine with this network card is known: boot the ephemeral system to enlist it",
  },
];

/** The failure a rule's condition was made of. */
function told(failure: Failure | null): Failure {
  if (failure === null) throw new Error("a boot rule held without its reason");
  return failure;
}
