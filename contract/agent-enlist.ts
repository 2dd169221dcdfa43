import { z } from "zod";
import { architecture, firmware, systemId } from "./values.ts";
import { networkInterface } from "./hardware.ts";

/**
 * The agent talks to `/agent/v1/…` of the rack it booted from, which passes it on to a region. It proves who it is with
 * the machine's OAuth 1.0a PLAINTEXT credentials, the same the metadata service takes; only enlisting is anonymous.
 */
export const credentials = z.object({ consumer_key: z.string(), token_key: z.string(), token_secret: z.string() });
export type Credentials = z.infer<typeof credentials>;

/** A BMC found from inside the machine, ready to be used as power parameters. */
export const foundBmc = z.object({
  driver: z.literal("ipmi"),
  parameters: z
    .record(z.string().max(64), z.string().max(256))
    .refine((parameters) => Object.keys(parameters).length <= 32, "must have at most 32 parameters"),
});
export type FoundBmc = z.infer<typeof foundBmc>;

export const enlistRequest = z.object({
  architecture,
  firmware,
  uuid: z.string().max(64).nullable(),
  serial: z.string().max(256).nullable(),
  interfaces: z.array(networkInterface).min(1).max(256),
  bmc: foundBmc.nullable(),
});
export type EnlistRequest = z.infer<typeof enlistRequest>;
export const enlistAnswer = z.object({
  system_id: systemId,
  hostname: z.string(),
  credentials: credentials
    .nullable()
    .describe("null: this machine was already known, or an operator must accept it first"),
  next: z.enum(["task", "poweroff"]),
});
export type EnlistAnswer = z.infer<typeof enlistAnswer>;
