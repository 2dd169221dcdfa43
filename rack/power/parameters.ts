import { isIpmiError, parseKg } from "@rackwright/ipmi";
import { z } from "zod";
import { PowerError } from "./errors.ts";

const kg = z.string().transform((text, context) => {
  try {
    return parseKg(text);
  } catch (error) {
    if (!isIpmiError(error)) throw error;
    // The value is a secret: only what is allowed may be said.
    context.addIssue({ code: "custom", message: error.next });
    return z.NEVER;
  }
});

/** Turns "" into "not given", as forms send it. */
function optional<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => (value === "" ? undefined : value), schema);
}

/** Parameters of the power driver `ipmi`. Unknown ones are left to those who know them. */
export const ipmiParameters = z.object({
  power_driver: optional(z.literal("LAN_2_0", "only LAN_2_0 (IPMI 2.0) is spoken here").default("LAN_2_0")),
  power_address: z
    .string("an IP address or host name is required")
    .min(1, "an IP address or host name is required")
    .max(253),
  power_port: optional(z.coerce.number().int().min(1).max(65_535).default(623)),
  power_user: z.string().default(""),
  power_pass: z.string().default(""),
  k_g: kg.optional(),
  cipher_suite_id: optional(z.enum(["3", "17"], "3 or 17").default("3")),
  privilege_level: optional(z.enum(["USER", "OPERATOR", "ADMIN"], "USER, OPERATOR or ADMIN").default("OPERATOR")),
  power_boot_type: optional(z.enum(["auto", "legacy", "efi"], "auto, legacy or efi").default("auto")),
  power_off_mode: optional(z.enum(["hard", "soft"], "hard or soft").default("hard")),
});
export type IpmiParameters = z.infer<typeof ipmiParameters>;

/** Throws {@link PowerError} `bmc-settings` that names every bad field and what is allowed in it. */
export function parseIpmiParameters(parameters: Readonly<Record<string, string>>): IpmiParameters {
  const parsed = ipmiParameters.safeParse(parameters);
  if (parsed.success) return parsed.data;
  const evidence = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new PowerError("bmc-settings", `Missing or invalid power setting: ${evidence.join("; ")}`, {
    next: "Correct the power parameters of the machine.",
    evidence,
    fatal: true,
  });
}
