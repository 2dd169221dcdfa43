import { type PackageRepository, packageRepositoryCreate, packageRepositoryUpdate } from "@rackwright/contract";
import { z } from "zod";
import {
  createRepository,
  deleteRepository,
  listRepositories,
  readRepository,
  updateRepository,
} from "../package-repositories/index.ts";
import { asForm, byOf, checked, given, matching, numberOf } from "./common.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { flag, list, text } from "./parameters.ts";

const model = "PackageRepository";
const most = Number.MAX_SAFE_INTEGER - 1;

function render(all: PackageRepository) {
  const { builtin: _, ...repository } = all;
  return { ...repository, resource_uri: `/MAAS/api/2.0/package-repositories/${repository.id}/` };
}

/** Lists come as repeated values, or as one with commas; none at all leaves them as they are, an empty one clears. */
const words = (doc: string) =>
  list(doc)
    .transform((values) =>
      values.length === 0
        ? undefined
        : values.flatMap((value) => value.split(",").map((word) => word.trim())).filter((word) => word !== ""),
    )
    .optional();

const fields = {
  name: text("Name of the repository.").optional(),
  url: text("Its address, or ppa:owner/name.").optional(),
  distributions: words("Distributions its packages are for."),
  disabled_pockets: words("Pockets of an Ubuntu archive that are left out: updates, security, backports."),
  disabled_components: words("Components of an Ubuntu archive that are left out: restricted, universe, multiverse."),
  components: words("Components of a repository that is no Ubuntu archive."),
  arches: words("Architectures its packages are made for."),
  key: text("Public key its packages are signed with.", 65_536).optional(),
  disable_sources: flag("Whether source packages are left out.").optional(),
  enabled: flag("Whether it is used.").optional(),
};
const parameters = z.object(fields);
/** What MAAS's repositories have where nothing is said, and its clients wait for. */
const usual = { disable_sources: false, arches: ["amd64", "i386"] };
const id = (call: Call) => numberOf(call, "id", model);

/** `package-repositories/`. */
export const packageRepositoryResources: readonly Resource[] = [
  {
    handler: "PackageRepositoriesHandler",
    path: "package-repositories/",
    doc: "Manage the package repositories.",
    operations: {
      GET: operation({
        access: "user",
        title: "List all package repositories.",
        parameters: z.object({}),
        run: async ({ db }) => ({ json: (await listRepositories(db, { limit: most })).items.map(render) }),
      }),
      POST: operation({
        access: "admin",
        title: "Add a package repository.",
        parameters: z.object({ ...fields, name: fields.name.unwrap(), url: fields.url.unwrap() }),
        run: async (call, wanted) => {
          const repository = checked(packageRepositoryCreate, { ...usual, ...given(wanted) });
          return { json: render(await asForm("name", createRepository(call.db, repository, byOf(call)))) };
        },
      }),
    },
  },
  {
    handler: "PackageRepositoryHandler",
    path: "package-repositories/{id}/",
    doc: "Manage one package repository.",
    operations: {
      GET: operation({
        access: "user",
        title: "Read a package repository.",
        parameters: z.object({}),
        run: async (call) => ({ json: render(await matching(model, readRepository(call.db, id(call)))) }),
      }),
      PUT: operation({
        access: "admin",
        title: "Change a package repository; what is not given stays.",
        parameters,
        run: async (call, wanted) => {
          const change = checked(packageRepositoryUpdate, given(wanted));
          const work = updateRepository(call.db, id(call), change, byOf(call));
          return { json: render(await asForm("name", matching(model, work))) };
        },
      }),
      DELETE: operation({
        access: "admin",
        title: "Delete a package repository.",
        parameters: z.object({}),
        run: async (call) => {
          await matching(model, deleteRepository(call.db, id(call), byOf(call)));
          return { status: 204 };
        },
      }),
    },
  },
];
