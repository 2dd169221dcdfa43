import { credentials, type Credentials } from "@rackwright/contract";
import { z } from "zod";
import type { HttpClient } from "./http-client.ts";
import { oauthHeader } from "./oauth.ts";
import type { Session } from "./session.ts";
import { patiently } from "./world.ts";

/** Settings cloud-init reads: where its metadata is and, for a known machine, who it is and where it reports. */
const settings = z.object({
  datasource: z.object({ MAAS: credentials.partial().extend({ metadata_url: z.url() }) }),
  reporting: z.record(z.string(), z.looseObject({ endpoint: z.url() })).optional(),
});
export type CloudSettings = z.infer<typeof settings>;

/** Reads a cloud-config of ours, which is JSON below its first line. Throws when it is not one. */
export function readCloudSettings(text: string): CloudSettings {
  return settings.parse(JSON.parse(text.replace(/^#cloud-config\n/, "")));
}

/** cloud-init with its MAAS datasource and its webhook reporter, as far as the network sees it. */
export interface CloudInit {
  /** Everything a datasource asks for before the user data. Throws on a refusal. */
  readMetaData(): Promise<void>;
  readUserData(): Promise<string>;
  /** A stage begins or ends; lost without a word where the machine has no reporter, or nobody answers it. */
  report(stage: string, event: "start" | "finish", result?: "SUCCESS" | "FAIL", description?: string): Promise<void>;
  /** Tells the metadata service how a script ended. */
  signal(status: "FAILED" | "OK", error: string): Promise<void>;
}

const version = "2012-03-01";

export function cloudInit(session: Session, http: HttpClient, config: CloudSettings): CloudInit {
  const { world } = session;
  const { metadata_url: base, ...keys } = config.datasource.MAAS;
  const known = credentials.safeParse(keys);
  const authorization = (): Record<string, string> => (known.success ? signed(known.data) : {});
  const signed = (who: Credentials): Record<string, string> =>
    oauthHeader(who, Buffer.from(world.random(8)).toString("hex"), world.now());
  const get = async (path: string): Promise<string> => {
    const { status, body } = await patiently(session, () => http.get(`${base}${version}/${path}`, authorization()));
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${body.slice(0, 200)}`);
    return body;
  };
  const endpoint = Object.values(config.reporting ?? {})[0]?.endpoint;
  return {
    async readMetaData() {
      for (const name of ["instance-id", "local-hostname", "public-keys", "vendor-data"])
        await get(`meta-data/${name}`);
    },
    readUserData: () => get("user-data"),
    async report(stage, event, result, description = `running ${stage}`) {
      if (endpoint === undefined) return;
      const said = { name: stage, description, event_type: event, origin: "cloudinit", timestamp: world.now() / 1000 };
      const body = JSON.stringify(result === undefined ? said : { ...said, result });
      await http.post(endpoint, "application/json", body, authorization()).catch(() => session.signal.throwIfAborted());
    },
    async signal(status, error) {
      const form = new URLSearchParams({ op: "signal", status, error });
      const type = "application/x-www-form-urlencoded";
      await patiently(session, () => http.post(`${base}${version}/`, type, form.toString(), authorization()));
    },
  };
}
