import { z } from "zod";
import { Gone } from "./gone.ts";
import { type Access, type Resource, operation } from "./operation.ts";

type Spec = Pick<Resource, "path" | "doc"> & {
  handler?: string;
  /** Why it is gone, and what there is instead. */
  told: string;
  /** Operations everybody may try, and those of administrators. */
  user?: string[];
  admin?: string[];
};

/** A path whose operations all answer that they are gone. Who may not ask is refused as ever. */
function gone({ handler, path, doc, told, user = [], admin = [] }: Spec): Resource {
  const one = (access: Access) =>
    operation({
      access,
      title: "No longer available.",
      // Whatever is given: a command line that may send nothing would say that, and not that it is gone.
      parameters: z.looseObject({}),
      run: async () => {
        throw new Gone(told);
      },
    });
  const operations = [
    ...user.map((key) => [key, one("user")] as const),
    ...admin.map((key) => [key, one("admin")] as const),
  ];
  return { handler: handler ?? null, path, doc, operations: Object.fromEntries(operations) };
}

const hosts = {
  doc: "Hosts of virtual machines.",
  told: "VM hosts are no longer supported. Virtual machines that boot from the network are machines like any other.",
};
const host = [
  "GET",
  "PUT",
  "DELETE",
  "GET parameters",
  "POST refresh",
  "POST compose",
  "POST add_tag",
  "POST remove_tag",
];
const networks = {
  told: "Networks are no longer supported. Please use the subnets, VLANs and fabrics endpoints.",
};
const snippets = {
  told: "DHCP snippets are not supported: DHCP is configured by subnets, IP ranges and reserved IPs.",
};
const scripts = {
  told: "Commissioning scripts have no endpoint of their own any more. Please use the scripts endpoint.",
};

/** What MAAS had once, or has and is on its way out, and this region has not. */
export const goneResources: readonly Resource[] = [
  gone({ ...hosts, path: "pods/", user: ["GET", "POST"] }),
  gone({ ...hosts, path: "pods/{id}/", user: host }),
  gone({ ...hosts, path: "vm-hosts/", user: ["GET", "POST"] }),
  gone({ ...hosts, path: "vm-hosts/{id}/", user: host }),
  gone({ ...hosts, path: "virtual-machines/", user: ["GET"] }),
  gone({ ...hosts, path: "virtual-machines/{id}", user: ["GET"] }),
  gone({ ...hosts, path: "vm-clusters/", user: ["GET"] }),
  gone({ ...hosts, path: "vm-clusters/{id}", user: ["GET", "PUT", "DELETE"] }),
  gone({
    ...networks,
    handler: "NetworksHandler",
    path: "networks/",
    doc: "Networks, which are subnets now.",
    user: ["GET"],
    admin: ["POST"],
  }),
  gone({
    ...networks,
    handler: "NetworkHandler",
    path: "networks/{name}/",
    doc: "A network, which is a subnet now.",
    user: ["GET", "GET list_connected_macs"],
    admin: ["PUT", "DELETE", "POST connect_macs", "POST disconnect_macs"],
  }),
  gone({
    ...snippets,
    handler: "DHCPSnippetsHandler",
    path: "dhcp-snippets/",
    doc: "Pieces of configuration of a DHCP server.",
    user: ["GET"],
    admin: ["POST"],
  }),
  gone({
    ...snippets,
    handler: "DHCPSnippetHandler",
    path: "dhcp-snippets/{id}/",
    doc: "A piece of configuration of a DHCP server.",
    user: ["GET"],
    admin: ["PUT", "DELETE", "POST revert"],
  }),
  gone({
    ...scripts,
    handler: "CommissioningScriptsHandler",
    path: "commissioning-scripts/",
    doc: "Commissioning scripts, which are scripts now.",
    admin: ["GET", "POST"],
  }),
  gone({
    ...scripts,
    handler: "CommissioningScriptHandler",
    path: "commissioning-scripts/{name}",
    doc: "A commissioning script, which is a script now.",
    admin: ["GET", "PUT", "DELETE"],
  }),
];
