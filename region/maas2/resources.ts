import { reservedIpsResources } from "./reserved-ips.ts";
import { staticRoutesResources } from "./static-routes.ts";
import { ipAddressesResources } from "./ip-addresses.ts";
import { ipRangesResources } from "./ip-ranges.ts";
import { subnetsResources } from "./subnets.ts";
import { spacesResources } from "./spaces.ts";
import { vlansResources } from "./vlans.ts";
import { fabricsResources } from "./fabrics.ts";
import { tagsResources } from "./tags.ts";
import { groupsResources } from "./groups.ts";
import { keysResources } from "./keys.ts";
import { usersResources } from "./users.ts";
import { accountResources } from "./account.ts";
import { goneResources } from "./gone-resources.ts";
import { bootResourceResources } from "./boot-resources.ts";
import { bootSourceResources } from "./boot-sources.ts";
import { configResources } from "./config.ts";
import { eventResources } from "./events.ts";
import { fileResources } from "./files.ts";
import { imageProgressResources } from "./image-progress.ts";
import { licenseKeyResources } from "./license-keys.ts";
import { nodeResultResources } from "./node-results.ts";
import { notificationResources } from "./notifications.ts";
import { oidcProviderResources } from "./oidc-providers.ts";
import { packageRepositoryResources } from "./package-repositories.ts";
import { resultResources } from "./results.ts";
import { scriptResources } from "./scripts.ts";
import { deviceResources } from "./devices.ts";
import { discoveryResources } from "./discoveries.ts";
import { dnsResources } from "./dns.ts";
import { domainResources } from "./domains.ts";
import { interfaceResources } from "./interfaces.ts";
import { machineResources } from "./machines.ts";
import { controllerResources } from "./controllers.ts";
import { nodeResources } from "./nodes.ts";
import { nodeDeviceResources } from "./node-devices.ts";
import type { Resource } from "./operation.ts";
import { placesResources } from "./places.ts";
import { storageDeviceResources } from "./storage-devices.ts";
import { storageArrayResources } from "./storage-arrays.ts";
import { storageVolumeResources } from "./storage-volume-groups.ts";

/** Everything the MAAS API 2.0 face answers, noun by noun. */
export const resources: readonly Resource[] = [
  ...reservedIpsResources,
  ...staticRoutesResources,
  ...ipAddressesResources,
  ...ipRangesResources,
  ...subnetsResources,
  ...spacesResources,
  ...vlansResources,
  ...fabricsResources,
  ...tagsResources,
  ...groupsResources,
  ...keysResources,
  ...usersResources,
  ...accountResources,
  ...placesResources,
  ...storageDeviceResources,
  ...storageVolumeResources,
  ...storageArrayResources,
  ...bootResourceResources,
  ...bootSourceResources,
  ...configResources,
  ...eventResources,
  ...fileResources,
  ...imageProgressResources,
  ...licenseKeyResources,
  ...nodeResultResources,
  ...notificationResources,
  ...oidcProviderResources,
  ...packageRepositoryResources,
  ...resultResources,
  ...scriptResources,
  ...interfaceResources,
  ...deviceResources,
  ...domainResources,
  ...dnsResources,
  ...discoveryResources,
  ...machineResources,
  ...nodeResources,
  ...nodeDeviceResources,
  ...controllerResources,
  ...goneResources,
];
