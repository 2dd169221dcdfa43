import {
  type BootSource,
  type BootSourceSelection,
  bootSourceCreate,
  bootSourceSelectionCreate,
  bootSourceSelectionUpdate,
  bootSourceUpdate,
} from "@rackwright/contract";
import { z } from "zod";
import {
  createBootSource,
  createSelection,
  deleteBootSource,
  deleteSelection,
  listBootSources,
  listSelections,
  readBootSource,
  readSelection,
  updateBootSource,
  updateSelection,
} from "../images/index.ts";
import { byOf, checked, given, localTime, matching, numberOf } from "./common.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { file, flag, integer, list, text } from "./parameters.ts";

const source = "BootSource";
const selection = "BootSourceSelection";
const most = Number.MAX_SAFE_INTEGER - 1;

const renderSource = ({ created_at, updated_at, ...rest }: BootSource) => ({
  ...rest,
  created: localTime(created_at),
  updated: localTime(updated_at),
  resource_uri: `/MAAS/api/2.0/boot-sources/${rest.id}/`,
});
const renderSelection = (one: BootSourceSelection) => ({
  ...one,
  resource_uri: `/MAAS/api/2.0/boot-sources/${one.boot_source_id}/selections/${one.id}/`,
});

const fields = {
  url: text("Address of the stream of images.", 2000).optional(),
  name: text("Name of the source.", 255).optional(),
  keyring_filename: text("Full path of the keyring that the stream is signed with.", 4096).optional(),
  // Comes as a file; a client without one sends an empty field.
  keyring_data: file("The keyring itself, as a file.", 1_000_000).optional(),
  priority: integer("Of sources with the same image, the higher one goes first.", { least: 0 }).optional(),
  enabled: flag("Whether the source is used.").optional(),
  skip_keyring_verification: flag("Whether signatures are not checked.").optional(),
};

/** What the form gives, with the keyring in base64 as our sources have it. */
function wanted({ uploads }: Call, { keyring_data, ...rest }: z.output<z.ZodObject<typeof fields>>) {
  const sent = uploads.find(({ field }) => field === "keyring_data")?.data;
  const data = sent ?? (keyring_data === undefined ? undefined : Buffer.from(keyring_data));
  return given({ ...rest, keyring_data: data?.toString("base64") });
}

const words = (doc: string) =>
  list(doc)
    .transform((values) => (values.length === 0 ? undefined : values))
    .optional();
const selectionFields = {
  os: text("Operating system.", 200).optional(),
  release: text("Release of it.", 200).optional(),
  arches: words("Architectures; all where none is given."),
  subarches: words("Sub-architectures; all where none is given."),
  labels: words("Labels; all where none is given."),
};
const sourceId = (call: Call, name = "id") => numberOf(call, name, source);
const selectionId = (call: Call) => ({
  source: sourceId(call, "boot_source_id"),
  id: numberOf(call, "id", selection),
});

/** `boot-sources/` and their selections. */
export const bootSourceResources: readonly Resource[] = [
  {
    handler: "BootSourcesHandler",
    path: "boot-sources/",
    doc: "Manage the boot sources.",
    operations: {
      GET: operation({
        access: "admin",
        title: "List all boot sources.",
        parameters: z.object({}),
        run: async ({ db }) => ({ json: (await listBootSources(db, { limit: most })).items.map(renderSource) }),
      }),
      POST: operation({
        access: "admin",
        title: "Add a boot source.",
        limit: 4 * 1024 * 1024,
        parameters: z.object({ ...fields, url: fields.url.unwrap() }),
        run: async (call, parameters) => {
          const made = await createBootSource(call.db, checked(bootSourceCreate, wanted(call, parameters)), byOf(call));
          return { status: 201, json: renderSource(made) };
        },
      }),
    },
  },
  {
    handler: "BootSourceHandler",
    path: "boot-sources/{id}/",
    doc: "Manage one boot source.",
    operations: {
      GET: operation({
        access: "admin",
        title: "Read a boot source.",
        parameters: z.object({}),
        run: async (call) => ({ json: renderSource(await matching(source, readBootSource(call.db, sourceId(call)))) }),
      }),
      PUT: operation({
        access: "admin",
        title: "Change a boot source; what is not given stays.",
        limit: 4 * 1024 * 1024,
        parameters: z.object(fields),
        run: async (call, parameters) => {
          const change = checked(bootSourceUpdate, wanted(call, parameters));
          const work = updateBootSource(call.db, sourceId(call), change, byOf(call));
          return { json: renderSource(await matching(source, work)) };
        },
      }),
      DELETE: operation({
        access: "admin",
        title: "Delete a boot source and its selections.",
        parameters: z.object({}),
        run: async (call) => {
          await matching(source, deleteBootSource(call.db, sourceId(call), byOf(call)));
          return { status: 204 };
        },
      }),
    },
  },
  {
    handler: "BootSourceSelectionsHandler",
    path: "boot-sources/{boot_source_id}/selections/",
    doc: "Manage the selections of a boot source.",
    operations: {
      GET: operation({
        access: "admin",
        title: "List what is selected of a boot source.",
        parameters: z.object({}),
        run: async (call) => {
          const work = listSelections(call.db, sourceId(call, "boot_source_id"), { limit: most });
          return { json: (await matching(source, work)).items.map(renderSelection) };
        },
      }),
      POST: operation({
        access: "admin",
        title: "Select a release of a boot source.",
        parameters: z.object({
          ...selectionFields,
          os: selectionFields.os.unwrap(),
          release: selectionFields.release.unwrap(),
        }),
        run: async (call, parameters) => {
          const fields = checked(bootSourceSelectionCreate, given(parameters));
          const work = createSelection(call.db, sourceId(call, "boot_source_id"), fields, byOf(call));
          return { json: renderSelection(await matching(source, work)) };
        },
      }),
    },
  },
  {
    handler: "BootSourceSelectionHandler",
    path: "boot-sources/{boot_source_id}/selections/{id}/",
    doc: "Manage one selection of a boot source.",
    operations: {
      GET: operation({
        access: "admin",
        title: "Read a selection.",
        parameters: z.object({}),
        run: async (call) => {
          const work = readSelection(call.db, selectionId(call));
          return { json: renderSelection(await matching(selection, work)) };
        },
      }),
      PUT: operation({
        access: "admin",
        title: "Change a selection; what is not given stays.",
        parameters: z.object(selectionFields),
        run: async (call, parameters) => {
          const change = checked(bootSourceSelectionUpdate, given(parameters));
          const work = updateSelection(call.db, selectionId(call), change, byOf(call));
          return { json: renderSelection(await matching(selection, work)) };
        },
      }),
      DELETE: operation({
        access: "admin",
        title: "Delete a selection.",
        parameters: z.object({}),
        run: async (call) => {
          await matching(selection, deleteSelection(call.db, selectionId(call), byOf(call)));
          return { status: 204 };
        },
      }),
    },
  },
];
