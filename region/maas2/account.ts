import { z } from "zod";
import { InputError, NotFound } from "../errors.ts";
import { listKeys, renameToken } from "../users/token-names.ts";
import { createToken, deleteToken } from "../users/tokens.ts";
import { byOf, callerOf } from "./common.ts";
import { type Resource, operation } from "./operation.ts";
import { text } from "./parameters.ts";

const name = text("What the key is for.", 100);

/** The key's own part of `consumer:token:secret`, which may come alone. */
const tokenKeyOf = (given: string): string => given.split(":")[1] ?? given;

/** In the place of a secret that nobody knows any more. */
const hiddenSecret = "********";

/**
 * API keys of whoever asks. A secret is told once, when its key is made: only its hash is kept, so a list shows
 * asterisks in its place.
 */
export const accountResources: readonly Resource[] = [
  {
    handler: "AccountHandler",
    path: "account/",
    doc: "The caller's own account: API keys.",
    operations: {
      "POST create_authorisation_token": operation({
        access: "user",
        title: "Creates an API key; its secret is told this once.",
        parameters: z.object({ name: name.optional() }),
        run: async (call, { name: wanted = "" }) => {
          const made = await createToken(call.db, callerOf(call), wanted, byOf(call));
          const [consumer_key, token_key, token_secret] = made.key.split(":");
          return { json: { token_key, token_secret, consumer_key, name: made.name } };
        },
      }),
      "POST delete_authorisation_token": operation({
        access: "user",
        title: "Deletes an API key.",
        errors: "text",
        parameters: z.object({ token_key: text("Second part of the key.", 200) }),
        run: async (call, { token_key }) => {
          // A key that is not there is deleted already.
          await deleteToken(call.db, callerOf(call), tokenKeyOf(token_key), byOf(call)).catch((error: unknown) => {
            if (!(error instanceof NotFound)) throw error;
          });
          return { status: 204 };
        },
      }),
      "POST update_token_name": operation({
        access: "user",
        title: "Gives an API key another name.",
        errors: "text",
        parameters: z.object({ token: text("The key, or its second part.", 200), name }),
        run: async (call, { token, name: wanted }) => {
          const id = tokenKeyOf(token);
          await renameToken(call.db, callerOf(call), { id, name: wanted }, byOf(call)).catch((error: unknown) => {
            if (!(error instanceof NotFound)) throw error;
            throw new InputError("Invalid token: the caller has no such key.", { cause: error });
          });
          return { status: 202, text: "Accepted" };
        },
      }),
      "GET list_authorisation_tokens": operation({
        access: "user",
        title: "Lists API keys, without their secrets.",
        parameters: z.object({}),
        run: async (call) => {
          const keys = await listKeys(call.db, callerOf(call).id);
          return {
            json: keys.map((key) => ({
              name: key.name,
              token: `${key.consumer_key}:${key.token_key}:${hiddenSecret}`,
            })),
          };
        },
      }),
    },
  },
];
