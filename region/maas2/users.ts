import { type User, sshKeyText, userCreate } from "@rackwright/contract";
import { z } from "zod";
import { InputError, NotFound } from "../errors.ts";
import { addSshKey } from "../users/ssh-keys.ts";
import { createUser, deleteUser, everyUser, localActor, readUser, rootName } from "../users/users.ts";
import { asForm, byOf, callerOf, checked, matching } from "./common.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { flag, text } from "./parameters.ts";

const nothing = z.object({});
const creation = z.object({
  username: text("Name to log in with.", 150),
  email: text("Where the user can be reached.", 254),
  password: text("Password, of at least 8 characters.", 1024),
  is_superuser: flag("Whether the user is an administrator."),
  key: text("An SSH key of the user.", 16_384).optional(),
});
const created = userCreate.pick({ username: true, password: true, email: true }).extend({ key: sshKeyText.optional() });

type Shown = Pick<User, "username" | "email" | "administrator" | "is_local">;

/** A user as clients see it. */
export const renderUser = ({ username: name, email, administrator, is_local }: Shown): object => ({
  username: name,
  email,
  is_superuser: administrator,
  is_local,
  resource_uri: `/MAAS/api/2.0/users/${encodeURIComponent(name)}/`,
});

const userOf = async (call: Call) => {
  const name = call.path["username"] ?? "";
  return matching("User", readUser(call.db, name));
};

export const usersResources: readonly Resource[] = [
  {
    handler: "UsersHandler",
    path: "users/",
    doc: "People who may log in.",
    operations: {
      "GET whoami": operation({
        access: "user",
        title: "Who asks.",
        parameters: nothing,
        run: async (call) => {
          const caller = callerOf(call);
          const user = await readUser(call.db, caller.username === localActor ? rootName : caller.username);
          return { json: renderUser({ ...user, administrator: caller.administrator }) };
        },
      }),
      GET: operation({
        access: "user",
        title: "Lists every user.",
        parameters: nothing,
        run: async (call) => ({ json: (await everyUser(call.db)).map(renderUser) }),
      }),
      POST: operation({
        access: "admin",
        title: "Creates a user.",
        parameters: creation,
        run: async (call, { is_superuser: administrator, ...given }) => {
          const { key, ...fields } = checked(created, given);
          const user = await asForm("username", createUser(call.db, { ...fields, administrator }, byOf(call)));
          if (key !== undefined) await addSshKey(call.db, user, key, call.clock.now());
          return { json: renderUser(user) };
        },
      }),
    },
  },
  {
    handler: "UserHandler",
    path: "users/{username}/",
    doc: "One user.",
    operations: {
      GET: operation({
        access: "user",
        title: "Reads a user.",
        parameters: nothing,
        run: async (call) => ({ json: renderUser(await userOf(call)) }),
      }),
      DELETE: operation({
        access: "admin",
        title: "Deletes a user.",
        parameters: z.object({
          transfer_resources_to: text(
            "User who gets what is this one's: machines, devices, addresses.",
            150,
          ).optional(),
        }),
        run: async (call, { transfer_resources_to: transferTo }) => {
          const name = call.path["username"] ?? "";
          if (name === callerOf(call).username) throw new InputError("An administrator cannot delete himself.");
          if (transferTo !== undefined) await heirOf(call, transferTo);
          await asForm("__all__", deleteUser(call.db, name, byOf(call), { transferTo })).catch((error: unknown) => {
            if (error instanceof InputError) throw new InputError(error.message, { cause: error });
            // One who is not there is deleted already.
            if (!(error instanceof NotFound)) throw error;
          });
          return { status: 204 };
        },
      }),
    },
  },
];

async function heirOf(call: Call, name: string): Promise<void> {
  await readUser(call.db, name).catch((error: unknown) => {
    if (!(error instanceof NotFound)) throw error;
    throw InputError.field("transfer_resources_to", name, "must be the name of a user who exists");
  });
}
