import { createHash, randomBytes } from "node:crypto";
import { agentReportsAnswer, agentTask, enlistAnswer, makeFailure, rackUnreachable } from "@rackwright/contract";
import type { AgentReport, AgentTask, Credentials, EnlistAnswer, EnlistRequest } from "@rackwright/contract";
import type { z } from "zod";
import { StepFailed } from "./failure.ts";
import type { World } from "./world.ts";

/** The rack did not answer, or answered that the machine may not. */
export class RackRefused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** OAuth 1.0a PLAINTEXT header (RFC 5849 3.4.4) of a machine: the consumer secret is empty. */
export function authorization(credentials: Credentials, nonce: string, now: Date): string {
  const fields: Record<string, string> = {
    oauth_version: "1.0",
    oauth_signature_method: "PLAINTEXT",
    oauth_consumer_key: credentials.consumer_key,
    oauth_token: credentials.token_key,
    oauth_signature: `&${credentials.token_secret}`,
    oauth_nonce: nonce,
    oauth_timestamp: String(Math.floor(now.getTime() / 1000)),
  };
  return `OAuth ${Object.entries(fields)
    .map(([name, value]) => `${name}="${encodeURIComponent(value)}"`)
    .join(", ")}`;
}

export interface Rack {
  readonly url: string;
  enlist(request: EnlistRequest): Promise<EnlistAnswer>;
  as(credentials: Credentials): AuthenticatedRack;
}

export type ReportsAnswer = z.infer<typeof agentReportsAnswer>;

export interface AuthenticatedRack {
  readonly url: string;
  task(): Promise<AgentTask>;
  /** The text of one of the machine's scripts, checked against its hash. */
  script(sha256: string, size: number): Promise<Uint8Array>;
  report(run: string, reports: readonly AgentReport[]): Promise<ReportsAnswer>;
}

const readJson = (body: Uint8Array): unknown =>
  body.length === 0 ? null : (JSON.parse(Buffer.from(body).toString("utf8")) as unknown);

const pauses = [1, 2, 4, 8, 16, 30, 30, 30, 30, 30];

/**
 * The rack's face for the agent. A rack or region that is away is asked again for about three minutes; a refusal
 * (4xx) is final.
 */
export function rackAt(world: World, url: string): Rack {
  const request = async <T = unknown>(
    method: string,
    path: string,
    body: unknown,
    credentials: Credentials | null,
    read: (body: Uint8Array) => T,
  ): Promise<T> => {
    let last = "";
    for (const pause of [0, ...pauses]) {
      await world.sleep(pause * 1000);
      const headers: Record<string, string> = { accept: "application/json" };
      if (body !== undefined) headers["content-type"] = "application/json";
      if (credentials)
        headers["authorization"] = authorization(credentials, randomBytes(8).toString("hex"), world.now());
      try {
        const init: RequestInit = { method, headers, signal: AbortSignal.timeout(60_000) };
        if (body !== undefined) init.body = JSON.stringify(body);
        const response = await world.fetch(url + path, init);
        const received = new Uint8Array(await response.arrayBuffer());
        if (response.ok) return read(received);
        last = `${response.status} ${Buffer.from(received.subarray(0, 500)).toString("utf8")}`;
        if (response.status < 500 && response.status !== 429) throw new RackRefused(response.status, last);
      } catch (error) {
        if (error instanceof RackRefused) throw error;
        last =
          error instanceof Error
            ? [error.message, error.cause instanceof Error ? error.cause.message : ""].join(" ").trim()
            : String(error);
      }
    }
    throw new StepFailed(
      makeFailure(rackUnreachable, `The rack at ${url} gave no usable answer to ${method} ${path}.`, [
        last.slice(0, 1000),
      ]),
    );
  };
  return {
    url,
    enlist: async (enlistment) =>
      enlistAnswer.parse(await request("POST", "/agent/v1/enlist", enlistment, null, readJson)),
    as: (credentials) => ({
      url,
      task: async () => agentTask.parse(await request("GET", "/agent/v1/task", undefined, credentials, readJson)),
      script: (wanted, size) =>
        request("GET", `/agent/v1/scripts/${wanted}`, undefined, credentials, (body) => {
          const found = createHash("sha256").update(body).digest("hex");
          if (body.length === size && found === wanted) return body;
          throw new Error(`the script arrived damaged: ${body.length} of ${size} bytes, sha256 ${found}`);
        }),
      report: async (run, reports) =>
        agentReportsAnswer.parse(await request("POST", "/agent/v1/reports", { run, reports }, credentials, readJson)),
    }),
  };
}
