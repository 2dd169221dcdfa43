import { z } from "zod";
import { describe, describeDocument } from "./describe.ts";
import { openApi, toYaml } from "./openapi.ts";
import { type Resource, operation } from "./operation.ts";

/** What of MAAS this face speaks: clients compare it, and choose by it. */
export const spokenVersion = "3.6.0";

/** What clients ask for before they use a feature; each of these is there. */
const capabilities = [
  "networks-management",
  "static-ipaddresses",
  "ipv6-deployment-ubuntu",
  "devices-management",
  "storage-deployment-ubuntu",
  "network-deployment-ubuntu",
  "bridging-interface-ubuntu",
  "bridging-automatic-ubuntu",
  "authenticate-api",
];

const nothing = z.object({});

/** The resources by which a client learns what there is, made from all the others and themselves. */
export function describing(served: readonly Resource[], programVersion: string, base = "/MAAS/api/2.0/") {
  const version: Resource = {
    handler: "VersionHandler",
    path: "version/",
    doc: "Information about this MAAS instance.",
    operations: {
      GET: operation({
        access: "none",
        title: "Version and capabilities of this region.",
        parameters: nothing,
        run: async () => ({
          json: { version: spokenVersion, subversion: `rackwright-${programVersion}`, capabilities },
        }),
      }),
    },
  };
  const all = [...served, version];
  const description = describe(all, base);
  const yaml = toYaml(openApi(all, { version: spokenVersion, base })).trimStart();
  const documents: Resource[] = [
    {
      handler: null,
      path: "describe/",
      doc: "The description of this API.",
      operations: {
        GET: operation({
          access: "none",
          title: "Every resource with its operations.",
          parameters: nothing,
          run: async ({ origin }) => ({
            bytes: Buffer.from(JSON.stringify(describeDocument(description, origin))),
            // Without a charset: the command line compares the whole header.
            type: "application/json",
          }),
        }),
      },
    },
    {
      handler: null,
      path: "openapi.yaml",
      doc: "The description of this API in OpenAPI.",
      operations: {
        GET: operation({
          access: "none",
          title: "The OpenAPI document of this API.",
          parameters: nothing,
          run: async () => ({ bytes: Buffer.from(yaml), type: "application/yaml" }),
        }),
      },
    },
  ];
  return { hash: description.hash, resources: [version, ...documents] };
}
