import type { Architecture, BootRequest, ImageFile } from "@rackwright/contract";
import { bootArchitecture } from "./architectures.ts";
import type { BootFacts, BootImage, BootMachine } from "./facts.ts";

/** What the rules look at: the facts, with the question "which architecture, which images" already answered. */
export type Situation = {
  request: BootRequest;
  machine: BootMachine | null;
  architecture: Architecture | null;
  /** The newest ephemeral image of that architecture that has all its parts. */
  ephemeral: BootImage | null;
  /** The image the machine is deployed with, when it is here and has a root image. */
  deployable: BootImage | null;
};

/** The file of an image that plays this role; null where it has none. */
export function file(image: BootImage | null, role: string): ImageFile | null {
  return image?.files.find((candidate) => candidate.role === role) ?? null;
}

/** The facts about a request, with architecture and images found. Pure. */
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
