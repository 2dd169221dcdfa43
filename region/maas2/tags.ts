import { type Tag, tagCreate, tagUpdate } from "@rackwright/contract";
import { type RawBuilder, sql } from "kysely";
import { z } from "zod";
import { InputError, StateConflict } from "../errors.ts";
import { changeTagMachines } from "../tags/give.ts";
import { createTag, deleteTag, everyTag, readTag, rebuildTag, updateTag } from "../tags/tags.ts";
import { visibleMachines } from "../users/access.ts";
import { asForm, byOf, callerOf, checked, given, matching } from "./common.ts";
import { machineList } from "./machine-render.ts";
import { type Answer, type Call, type Operation, type Resource, operation } from "./operation.ts";
import { withFieldNames } from "./machine-call.ts";
import { list, text } from "./parameters.ts";

const nothing = z.object({});
const fields = {
  name: text("Its name: letters, digits, '_' and '-'.", 256),
  comment: text("What it is for.", 2000),
  definition: text("XPath over what lshw printed, by which machines get the tag; empty: it is given by hand.", 10_000),
  kernel_opts: text("Words for the kernel's command line of machines that have the tag.", 1000),
};
const creation = z.object(fields).partial().required({ name: true });
const change = creation.partial();
const names = { kernel_options: "kernel_opts" };

/** A definition that is no XPath but a filter of machines, which only this region knows. */
const filterMark = "filter: ";

type Named = Pick<Tag, "name" | "comment" | "kernel_options" | "definition" | "definition_kind">;
const render = ({ name, comment, kernel_options, definition, definition_kind }: Named): object => ({
  name,
  definition: definition === null ? "" : `${definition_kind === "filter" ? filterMark : ""}${definition}`,
  comment,
  kernel_opts: kernel_options,
  resource_uri: `/MAAS/api/2.0/tags/${encodeURIComponent(name)}/`,
});

/** The region's words for what clients said. */
function fieldsOf({ definition, kernel_opts, ...rest }: z.output<typeof change>) {
  const options = kernel_opts === undefined ? {} : { kernel_options: kernel_opts };
  if (definition === undefined) return given({ ...rest, ...options });
  if (definition.trim() === "") return given({ ...rest, ...options, definition: null, definition_kind: null });
  const filter = definition.startsWith(filterMark);
  return given({
    ...rest,
    ...options,
    definition: filter ? definition.slice(filterMark.length) : definition,
    definition_kind: filter ? ("filter" as const) : ("xpath" as const),
  });
}

const nameIn = ({ path }: Call): string => path["name"] ?? "";
const tagOf = async (call: Call): Promise<Tag> => matching("Tag", readTag(call.db, nameIn(call), callerOf(call)));

/** Machines that have the tag, of those the caller may see. */
async function machinesOf(call: Call): Promise<Answer> {
  const { name } = await tagOf(call);
  const tagged: RawBuilder<boolean> = sql`${visibleMachines(callerOf(call))} and exists (
    select from machine_tags join tags on tags.id = machine_tags.tag_id
    where machine_tags.machine_id = machines.id and tags.name = ${name})`;
  return { chunks: machineList(call.db, tagged, call.clock.now()) };
}

/** Tags are of machines: of other nodes there is none that has one. */
const none = (title: string): Operation =>
  operation({
    access: "user",
    title,
    parameters: nothing,
    run: async (call) => {
      await tagOf(call);
      return { json: [] };
    },
  });

const updateNodes = operation({
  access: "user",
  title: "Gives a tag to machines, and takes it from others.",
  parameters: z.object({
    add: list("A machine that gets the tag, by its system_id.", 10_000),
    remove: list("A machine that loses the tag, by its system_id.", 10_000),
    definition: text("The definition the tag is thought to have; another one is a conflict.", 10_000).optional(),
    rack_controller: text("Taken and not needed: the region evaluates definitions itself.", 100).optional(),
  }),
  run: async (call, { add, remove, definition }) => {
    const tag = await tagOf(call);
    const own = z.object({ definition: z.string() }).parse(render(tag)).definition;
    if (definition !== undefined && definition !== own)
      throw new StateConflict(`Definition supplied '${definition.slice(0, 200)}' is not the tag's, '${own}'.`, {
        next: undefined,
      });
    if (own !== "") throw new InputError(`Tag ${tag.name} has a definition, which finds its machines.`);
    // Machines that are not there any more need not be told of.
    const known = await knownMachines(call, [...add, ...remove]);
    const change = { add: add.filter((id) => known.has(id)), remove: remove.filter((id) => known.has(id)) };
    await changeTagMachines(call.db, tag.name, change, { ...byOf(call), caller: callerOf(call) });
    return { json: { added: new Set(change.add).size, removed: new Set(change.remove).size } };
  },
});

async function knownMachines(call: Call, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`select id from machines
    where id = any(${[...ids]}::text[]) and ${visibleMachines(callerOf(call))}`.execute(call.db);
  return new Set(rows.map(({ id }) => id));
}

async function create(call: Call, parameters: z.output<typeof creation>): Promise<Answer> {
  const values = checked(tagCreate, fieldsOf(parameters));
  return { json: render(await asForm("name", createTag(call.db, values, byOf(call)))) };
}

async function update(call: Call, parameters: z.output<typeof change>): Promise<Answer> {
  const { name } = await tagOf(call);
  const values = checked(tagUpdate, fieldsOf(parameters));
  return { json: render(await asForm("name", updateTag(call.db, name, values, byOf(call)))) };
}

export const tagsResources: readonly Resource[] = [
  {
    handler: "TagsHandler",
    path: "tags/",
    doc: "Tags of machines.",
    operations: {
      GET: operation({
        access: "user",
        title: "Lists every tag.",
        parameters: nothing,
        run: async (call) => ({ json: (await everyTag(call.db)).map(render) }),
      }),
      POST: operation({
        access: "admin",
        title: "Creates a tag.",
        parameters: creation,
        run: async (call, parameters) => withFieldNames(names, create(call, parameters)),
      }),
    },
  },
  {
    handler: "TagHandler",
    path: "tags/{name}/",
    doc: "One tag.",
    operations: {
      GET: operation({
        access: "user",
        title: "Reads a tag.",
        parameters: nothing,
        run: async (call) => ({ json: render(await tagOf(call)) }),
      }),
      PUT: operation({
        access: "admin",
        title: "Changes a tag; machines of another definition are found anew.",
        parameters: change,
        run: async (call, parameters) => withFieldNames(names, update(call, parameters)),
      }),
      DELETE: operation({
        access: "admin",
        title: "Deletes a tag.",
        parameters: nothing,
        run: async (call) => {
          await matching("Tag", deleteTag(call.db, nameIn(call), byOf(call)));
          return { status: 204 };
        },
      }),
      "POST update_nodes": updateNodes,
      "POST rebuild": operation({
        access: "admin",
        title: "Finds the machines of a tag with a definition anew.",
        parameters: nothing,
        run: async (call) => {
          await matching("Tag", rebuildTag(call.db, nameIn(call), byOf(call)));
          return { json: { rebuilding: nameIn(call) } };
        },
      }),
      "GET nodes": operation({
        access: "user",
        title: "Lists the nodes that have a tag.",
        parameters: nothing,
        run: machinesOf,
      }),
      "GET machines": operation({
        access: "user",
        title: "Lists the machines that have a tag.",
        parameters: nothing,
        run: machinesOf,
      }),
      "GET devices": none("Lists the devices that have a tag; only machines have tags here."),
      "GET rack_controllers": none("Lists the rack controllers that have a tag; only machines have tags here."),
      "GET region_controllers": none("Lists the region controllers that have a tag; only machines have tags here."),
    },
  },
];
