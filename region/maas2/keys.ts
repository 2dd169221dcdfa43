import { sshKeyText } from "@rackwright/contract";
import { z } from "zod";
import { importSshKeys, publicKeySources } from "../users/key-import.ts";
import { addSshKey, deleteSshKey, listSshKeys } from "../users/ssh-keys.ts";
import { addSslKey, deleteSslKey, listSslKeys, readSslKey } from "../users/ssl-keys.ts";
import { asForm, callerOf, checked, matching, noMatch, numberOf } from "./common.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { text } from "./parameters.ts";

const nothing = z.object({});
const model = { ssh: "SSHKey", ssl: "SSLKey" };

type SshKey = { id: number; key: string; source: string };
const renderSsh = ({ id, key, source }: SshKey): object => ({
  id,
  key,
  keysource: source,
  resource_uri: `/MAAS/api/2.0/account/prefs/sshkeys/${id}/`,
});
const renderSsl = ({ id, key }: { id: number; key: string }): object => ({
  id,
  key,
  resource_uri: `/MAAS/api/2.0/account/prefs/sslkeys/${id}/`,
});

const numberIn = (call: Call, kind: keyof typeof model) => numberOf(call, "id", model[kind]);

const sshResources: readonly Resource[] = [
  {
    handler: "SSHKeysHandler",
    path: "account/prefs/sshkeys/",
    doc: "SSH keys of the caller, which deployed machines let in.",
    operations: {
      GET: operation({
        access: "user",
        title: "Lists own SSH keys.",
        parameters: nothing,
        run: async (call) => ({ json: (await listSshKeys(call.db, callerOf(call).id)).map(renderSsh) }),
      }),
      POST: operation({
        access: "user",
        title: "Adds an SSH key.",
        parameters: z.object({ key: text("One line of an authorized_keys file.", 16_384) }),
        run: async (call, { key: given }) => {
          const { key } = checked(z.object({ key: sshKeyText }), { key: given });
          const added = await asForm("key", addSshKey(call.db, callerOf(call), key, call.clock.now()));
          return { status: 201, json: renderSsh(added) };
        },
      }),
      "POST import": operation({
        access: "user",
        title: "Adds the SSH keys somebody publishes at Launchpad or GitHub.",
        errors: "text",
        parameters: z.object({ keysource: text("lp:NAME or gh:NAME.", 100) }),
        run: async (call, { keysource }) => {
          const world = {
            sources: call.deps.keySources ?? publicKeySources,
            now: call.clock.now(),
            signal: call.signal,
          };
          return { json: (await importSshKeys(call.db, callerOf(call), keysource, world)).map(renderSsh) };
        },
      }),
    },
  },
  {
    handler: "SSHKeyHandler",
    path: "account/prefs/sshkeys/{id}/",
    doc: "One SSH key of the caller.",
    operations: {
      GET: operation({
        access: "user",
        title: "Reads an SSH key.",
        parameters: nothing,
        run: async (call) => {
          const id = numberIn(call, "ssh");
          const key = (await listSshKeys(call.db, callerOf(call).id)).find((one) => one.id === id);
          if (!key) throw noMatch(model.ssh);
          return { json: renderSsh(key) };
        },
      }),
      DELETE: operation({
        access: "user",
        title: "Deletes an SSH key.",
        parameters: nothing,
        run: async (call) => {
          const id = numberIn(call, "ssh");
          await matching(model.ssh, deleteSshKey(call.db, callerOf(call), id, call.clock.now()));
          return { status: 204 };
        },
      }),
    },
  },
];

const sslResources: readonly Resource[] = [
  {
    handler: "SSLKeysHandler",
    path: "account/prefs/sslkeys/",
    doc: "Certificates of the caller.",
    operations: {
      GET: operation({
        access: "user",
        title: "Lists own certificates.",
        parameters: nothing,
        run: async (call) => ({ json: (await listSslKeys(call.db, callerOf(call).id)).map(renderSsl) }),
      }),
      POST: operation({
        access: "user",
        title: "Adds a certificate.",
        parameters: z.object({ key: text("A certificate in PEM.", 65_536) }),
        run: async (call, { key }) => ({
          status: 201,
          json: renderSsl(await asForm("key", addSslKey(call.db, callerOf(call), key, call.clock.now()))),
        }),
      }),
    },
  },
  {
    handler: "SSLKeyHandler",
    path: "account/prefs/sslkeys/{id}/",
    doc: "One certificate of the caller.",
    operations: {
      GET: operation({
        access: "user",
        title: "Reads a certificate.",
        parameters: nothing,
        run: async (call) => {
          const id = numberIn(call, "ssl");
          return { json: renderSsl(await matching(model.ssl, readSslKey(call.db, callerOf(call).id, id))) };
        },
      }),
      DELETE: operation({
        access: "user",
        title: "Deletes a certificate.",
        parameters: nothing,
        run: async (call) => {
          const id = numberIn(call, "ssl");
          await matching(model.ssl, deleteSslKey(call.db, callerOf(call), id, call.clock.now()));
          return { status: 204 };
        },
      }),
    },
  },
];

export const keysResources: readonly Resource[] = [...sshResources, ...sslResources];
