import { type LicenseKey, licenseKeyCreate, licenseKeyUpdate } from "@rackwright/contract";
import { z } from "zod";
import {
  createLicenseKey,
  deleteLicenseKey,
  listLicenseKeys,
  readLicenseKey,
  updateLicenseKey,
} from "../license-keys/index.ts";
import { asForm, byOf, checked, given, matching } from "./common.ts";
import { type Call, type Resource, operation } from "./operation.ts";
import { text } from "./parameters.ts";

const model = "LicenseKey";
const most = Number.MAX_SAFE_INTEGER - 1;

const render = (key: LicenseKey) => ({
  ...key,
  resource_uri: `/MAAS/api/2.0/license-key/${key.osystem}/${key.distro_series}`,
});
const releaseOf = ({ path }: Call) => ({
  osystem: path["osystem"] ?? "",
  distro_series: path["distro_series"] ?? "",
});
const license_key = text("The license key.");

/** `license-keys/` and `license-key/{osystem}/{distro_series}`. */
export const licenseKeyResources: readonly Resource[] = [
  {
    handler: "LicenseKeysHandler",
    path: "license-keys/",
    doc: "Manage the license keys.",
    operations: {
      GET: operation({
        access: "admin",
        title: "List all license keys.",
        parameters: z.object({}),
        run: async ({ db }) => ({ json: (await listLicenseKeys(db, { limit: most })).items.map(render) }),
      }),
      POST: operation({
        access: "admin",
        title: "Add a license key.",
        parameters: z.object({
          osystem: text("Operating system that the key is for."),
          distro_series: text("Release that the key is for."),
          license_key,
        }),
        run: async (call, fields) => {
          const wanted = checked(licenseKeyCreate, fields);
          return { json: render(await asForm("__all__", createLicenseKey(call.db, wanted, byOf(call)))) };
        },
      }),
    },
  },
  {
    handler: "LicenseKeyHandler",
    path: "license-key/{osystem}/{distro_series}",
    doc: "Manage one license key.",
    operations: {
      GET: operation({
        access: "admin",
        title: "Read a license key.",
        parameters: z.object({}),
        run: async (call) => ({ json: render(await matching(model, readLicenseKey(call.db, releaseOf(call)))) }),
      }),
      PUT: operation({
        access: "admin",
        title: "Replace a license key.",
        parameters: z.object({ license_key: license_key.optional() }),
        run: async (call, fields) => {
          const change = checked(licenseKeyUpdate, given(fields));
          const work = updateLicenseKey(call.db, releaseOf(call), change, byOf(call));
          return { json: render(await matching(model, work)) };
        },
      }),
      DELETE: operation({
        access: "admin",
        title: "Delete a license key.",
        parameters: z.object({}),
        run: async (call) => {
          await matching(model, deleteLicenseKey(call.db, releaseOf(call), byOf(call)));
          return { status: 204 };
        },
      }),
    },
  },
];
