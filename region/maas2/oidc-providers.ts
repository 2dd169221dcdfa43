import { oidcCreate, oidcUpdate } from "@rackwright/contract";
import type { Kysely } from "kysely";
import { z } from "zod";
import type { Database } from "../database/pool.ts";
import type { Tables } from "../database/tables.ts";
import { InputError } from "../errors.ts";
import { createOidc, deleteProvider, updateOidc } from "../users/providers.ts";
import { byOf, checked, given, matching, noMatch, numberOf } from "./common.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { choice, flag, text } from "./parameters.ts";

const model = "OIDCProvider";
/** In the place of a secret, which is never shown again. */
const hidden = "********";

function providers(db: Kysely<Tables>) {
  return db
    .selectFrom("oidc_providers")
    .select(["id", "name", "issuer", "client_id", "client_secret", "enabled", "token_type", "vendor"])
    .select(["redirect_uri", "scopes"])
    .orderBy("name");
}
type Row = Awaited<ReturnType<ReturnType<typeof providers>["executeTakeFirstOrThrow"]>>;

const render = ({ issuer, client_secret, redirect_uri, ...row }: Row) => ({
  ...row,
  issuer_url: issuer,
  client_secret: client_secret === null ? "" : hidden,
  redirect_uri: redirect_uri ?? "",
});

/** The provider in the path. */
async function find(call: Call): Promise<Row> {
  const row = await providers(call.db)
    .where("id", "=", numberOf(call, "id", model))
    .executeTakeFirst();
  if (row === undefined) throw noMatch(model);
  return row;
}
async function named(db: Database, name: string) {
  return { json: render(await providers(db).where("name", "=", name).executeTakeFirstOrThrow()) };
}

const required = {
  name: text("Name of the provider.", 100),
  issuer_url: text("Its address, by which it describes itself.", 2000),
  client_id: text("By which it knows this region.", 500),
  client_secret: text("By which this region proves who it is.", 1000),
  enabled: flag("Whether users may log in by it."),
  token_type: choice("What its access tokens are; kept, and not needed.", ["JWT", "Opaque"]),
  vendor: choice("Whose it is; kept, and not needed.", ["Generic", "EntraID", "Auth0", "Keycloak"]),
  redirect_uri: text("Where it sends browsers back to.", 2000),
  scopes: text("Scopes to ask for, with blanks between; openid among them.", 500),
};
const optional = z.object(required).partial();
type Fields = z.output<typeof optional>;

/** The fields by our names. */
function ours(fields: Fields) {
  const { issuer_url, token_type: _, vendor: __, redirect_uri, ...rest } = fields;
  return given({ ...rest, issuer: issuer_url, redirect_uri: redirect_uri === "" ? null : redirect_uri });
}

/** What goes by our name `issuer` is told by MAAS's. */
function read<S extends z.ZodType>(schema: S, fields: Fields): z.output<S> {
  try {
    return checked(schema, ours(fields));
  } catch (error) {
    if (!(error instanceof InputError) || error.failures === undefined) throw error;
    const failures = error.failures.map((one) => (one.field === "issuer" ? { ...one, field: "issuer_url" } : one));
    throw new InputError(error.message, { failures, cause: error });
  }
}

/** What only clients of this API want kept. */
async function keep(db: Database, name: string, { token_type, vendor }: Fields): Promise<void> {
  const values = given({ token_type, vendor });
  if (Object.keys(values).length > 0)
    await db.updateTable("oidc_providers").set(values).where("name", "=", name).execute();
}

async function change(call: Call, fields: Fields) {
  const { name } = await find(call);
  if (fields.name !== undefined && fields.name !== name)
    throw InputError.field("name", fields.name, `must stay ${name}: users are known by it`);
  const { name: _, ...others } = fields;
  // Who reads a provider and writes it back has not seen the secret.
  if (others.client_secret === hidden) delete others.client_secret;
  await matching(model, updateOidc(call.db, name, read(oidcUpdate, others), byOf(call)));
  await keep(call.db, name, fields);
  return named(call.db, name);
}

/** `oidc-providers/`: by whom users may log in. */
export const oidcProviderResources: readonly Resource[] = [
  {
    handler: "OidcProvidersHandler",
    path: "oidc-providers/",
    doc: "Manage the OpenID Connect providers.",
    operations: {
      GET: operation({
        access: "admin",
        title: "List all OpenID Connect providers.",
        parameters: z.object({}),
        run: async ({ db }) => {
          const rows = await providers(db).limit(1000).execute();
          return { json: rows.length === 0 ? "No OIDC providers found." : rows.map(render) };
        },
      }),
      "GET get_active": operation({
        access: "admin",
        title: "Read the OpenID Connect provider that users log in by: the first by name of those enabled.",
        parameters: z.object({}),
        run: async ({ db }) => {
          const row = await providers(db).where("enabled", "=", true).limit(1).executeTakeFirst();
          if (row === undefined) throw noMatch(model);
          return { json: render(row) };
        },
      }),
      POST: operation({
        access: "admin",
        title: "Let users of an OpenID Connect provider log in.",
        parameters: z.object(required),
        run: async (call, fields) => {
          const { name } = await createOidc(call.db, read(oidcCreate, fields), byOf(call));
          await keep(call.db, name, fields);
          return { ...(await named(call.db, name)), status: 201 };
        },
      }),
    },
  },
  {
    handler: "OidcProviderHandler",
    path: "oidc-providers/{id}/",
    doc: "Manage one OpenID Connect provider.",
    operations: {
      GET: operation({
        access: "admin",
        title: "Read an OpenID Connect provider.",
        parameters: z.object({}),
        run: async (call) => ({ json: render(await find(call)) }),
      }),
      PUT: operation({
        access: "admin",
        title: "Change an OpenID Connect provider; what is not given stays.",
        parameters: optional,
        run: change,
      }),
      DELETE: operation({
        access: "admin",
        title: "Delete an OpenID Connect provider; its users' sessions end.",
        parameters: z.object({}),
        run: async (call) => {
          const { name } = await find(call);
          await matching(model, deleteProvider(call.db, "oidc", name, byOf(call)));
          return { status: 204 };
        },
      }),
    },
  },
];
