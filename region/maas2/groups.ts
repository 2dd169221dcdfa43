import { type Group, type GroupDetail, type GroupGrant, groupCreate, groupUpdate } from "@rackwright/contract";
import { z } from "zod";
import { InputError, StateConflict } from "../errors.ts";
import {
  changeMembers,
  createGroup,
  deleteGroup,
  everyGroup,
  groupName,
  readGroup,
  updateGroup,
} from "../users/groups.ts";
import { everyPlace } from "../zones/places.ts";
import { asForm, byOf, callerOf, checked, given, matching, noMatch, numberOf } from "./common.ts";
import { type Answer, type Call, type Resource, operation } from "./operation.ts";
import { choice, integer, text } from "./parameters.ts";

const nothing = z.object({});
const fields = { name: text("Its name.", 150), description: text("What it is for.", 1000).optional() };
const member = z.object({ username: text("Name of a user.", 150) });
const entitlement = z.object({
  resource_type: choice("What it is for: everything (maas), or a resource pool.", ["maas", "pool"]),
  resource_id: integer("Id of the resource pool; 0 for maas.", { least: 0 }),
  entitlement: text("can_edit_machines, can_deploy_machines or can_view_machines.", 100),
});

/** MAAS's words for what a role allows with machines. */
const words: Record<GroupGrant["role"], string> = {
  operator: "can_edit_machines",
  user: "can_deploy_machines",
  auditor: "can_view_machines",
  administrator: "administrator",
};

type Found = GroupDetail & { id: number };
const render = ({ id, name, description }: Pick<Group & { id: number }, "id" | "name" | "description">): object => ({
  id,
  name,
  description,
  resource_uri: `/MAAS/api/2.0/groups/${id}/`,
});

async function groupOf(call: Call): Promise<Found> {
  const name = await groupName(call.db, numberOf(call, "id", "UserGroup"));
  if (name === null) throw noMatch("UserGroup");
  return matching("UserGroup", readGroup(call.db, name));
}

/** Puts a user into the group, or takes him out. */
async function setMember(call: Call, { username }: z.output<typeof member>, joins: boolean): Promise<Answer> {
  const group = await groupOf(call);
  if (joins && group.usernames.includes(username))
    throw new StateConflict(`User ${username} is in the group ${group.name} already.`, { next: undefined });
  const change = { add: joins ? [username] : [], remove: joins ? [] : [username] };
  await inField("username", changeMembers(call.db, group.name, change, byOf(call)));
  return joins ? { text: "OK" } : { status: 204 };
}

async function setEntitlement(call: Call, wanted: z.output<typeof entitlement>, has: boolean): Promise<Answer> {
  const group = await groupOf(call);
  const grant = await grantOf(call, wanted);
  const same = (one: GroupGrant) => one.role === grant.role && one.pool === grant.pool;
  const others = group.grants.filter((one) => !same(one));
  if (!has && others.length === group.grants.length) throw noMatch("Entitlement");
  await updateGroup(call.db, group.name, { grants: has ? [...others, grant] : others }, byOf(call));
  return has ? { text: "OK" } : { status: 204 };
}

/** The role a client means. @throws InputError for a word that is none of ours, or a pool that is not there */
async function grantOf(call: Call, wanted: z.output<typeof entitlement>): Promise<GroupGrant> {
  const role = (["operator", "user", "auditor", "administrator"] as const).find(
    (one) => words[one] === wanted.entitlement,
  );
  if (role === undefined)
    throw InputError.field("entitlement", wanted.entitlement, `must be one of ${Object.values(words).join(", ")}`);
  if (wanted.resource_type === "maas") return { role, pool: null };
  const pools = await everyPlace(call.db, "pool", callerOf(call));
  const pool = pools.find(({ id }) => id === wanted.resource_id);
  if (!pool) throw InputError.field("resource_id", wanted.resource_id, "must be the id of a resource pool");
  if (role === "administrator") throw InputError.field("entitlement", role, "is possible for maas only");
  return { role, pool: pool.name };
}

async function entitlements(call: Call): Promise<Answer> {
  const { grants } = await groupOf(call);
  const ids = new Map((await everyPlace(call.db, "pool", callerOf(call))).map(({ id, name }) => [name, id]));
  return {
    json: grants.map(({ role, pool }) => ({
      resource_type: pool === null ? "maas" : "pool",
      resource_id: pool === null ? 0 : (ids.get(pool) ?? 0),
      entitlement: words[role],
    })),
  };
}

/** What is wrong with some field of ours is wrong with this one of the client. */
async function inField<T>(field: string, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    if (!(error instanceof InputError) || error.failures === undefined) throw error;
    throw new InputError(error.message, {
      failures: error.failures.map((failure) => ({ ...failure, field })),
      cause: error,
    });
  });
}

async function members(call: Call): Promise<Answer> {
  const { usernames } = await groupOf(call);
  const rows = await call.db
    .selectFrom("users")
    .select(["username", "email"])
    .where("username", "in", [...usernames, ""])
    .orderBy("username")
    .execute();
  return { json: rows };
}

export const groupsResources: readonly Resource[] = [
  {
    handler: "UserGroupsHandler",
    path: "groups/",
    doc: "Groups of users.",
    operations: {
      GET: operation({
        access: "admin",
        title: "Lists every group.",
        parameters: nothing,
        run: async (call) => ({ json: (await everyGroup(call.db)).map(render) }),
      }),
      POST: operation({
        access: "admin",
        title: "Creates a group.",
        parameters: z.object(fields),
        run: async (call, parameters) => {
          const values = checked(groupCreate, given(parameters));
          return { json: render(await asForm("name", createGroup(call.db, values, byOf(call)))) };
        },
      }),
    },
  },
  {
    handler: "UserGroupHandler",
    path: "groups/{id}/",
    doc: "One group of users.",
    operations: {
      GET: operation({
        access: "admin",
        title: "Reads a group.",
        parameters: nothing,
        run: async (call) => ({ json: render(await groupOf(call)) }),
      }),
      PUT: operation({
        access: "admin",
        title: "Changes a group.",
        parameters: z.object(fields).partial(),
        run: async (call, parameters) => {
          const { name } = await groupOf(call);
          const values = checked(groupUpdate, given(parameters));
          return { json: render(await asForm("name", updateGroup(call.db, name, values, byOf(call)))) };
        },
      }),
      DELETE: operation({
        access: "admin",
        title: "Deletes a group.",
        parameters: nothing,
        run: async (call) => {
          const { name } = await groupOf(call);
          await matching("UserGroup", deleteGroup(call.db, name, byOf(call)));
          return { status: 204 };
        },
      }),
      "GET list_members": operation({
        access: "admin",
        title: "Lists the users in a group.",
        parameters: nothing,
        run: members,
      }),
      "POST add_member": operation({
        access: "admin",
        title: "Puts a user into a group.",
        parameters: member,
        run: async (call, parameters) => setMember(call, parameters, true),
      }),
      "POST remove_member": operation({
        access: "admin",
        title: "Takes a user out of a group.",
        parameters: member,
        run: async (call, parameters) => setMember(call, parameters, false),
      }),
      "GET list_entitlements": operation({
        access: "admin",
        title: "Lists what the users of a group may.",
        parameters: nothing,
        run: entitlements,
      }),
      "POST add_entitlement": operation({
        access: "admin",
        title: "Allows something to the users of a group.",
        parameters: entitlement,
        run: async (call, parameters) => setEntitlement(call, parameters, true),
      }),
      "POST remove_entitlement": operation({
        access: "admin",
        title: "Takes back what the users of a group may.",
        parameters: entitlement,
        run: async (call, parameters) => setEntitlement(call, parameters, false),
      }),
    },
  },
];
