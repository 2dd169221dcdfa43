import { z } from "zod";

/** Operating systems that are installed with a license key. */
export const licensedSystems = ["windows"] as const;

export const licenseSeries = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "must be a release such as win2022");
const key = z
  .string()
  .trim()
  .regex(/^([A-Za-z0-9]{5}-){4}[A-Za-z0-9]{5}$/, "must be five groups of five letters and digits, with '-' between")
  .describe("such as AAAAA-BBBBB-CCCCC-DDDDD-EEEEE");

/** The key an operating system is installed with. */
export const licenseKey = z.object({ osystem: z.string(), distro_series: z.string(), license_key: z.string() });
export type LicenseKey = z.infer<typeof licenseKey>;
export const licenseKeyCreate = z.strictObject({
  osystem: z
    .enum(licensedSystems, `must be an operating system that needs a license key: ${licensedSystems.join(", ")}`)
    .describe("operating system that needs it"),
  distro_series: licenseSeries.describe("release of it, such as win2022"),
  license_key: key,
});
export type LicenseKeyCreate = z.infer<typeof licenseKeyCreate>;
export const licenseKeyUpdate = z.strictObject({ license_key: key }).partial();
