import { deviceList } from "../devices/read.ts";
import { discoveryList } from "../discoveries/discoveries.ts";
import { domainList } from "../dns/domains.ts";
import { dnsResourceList } from "../dns/resources.ts";
import { eventList } from "../events/filter.ts";
import { imageList } from "../images/routes.ts";
import { selectionList } from "../images/selections.ts";
import { bootSourceList } from "../images/sources.ts";
import { twinsList } from "../inventory/twins.ts";
import { inventoryList } from "../inventory/versions.ts";
import { licenseKeyList } from "../license-keys/license-keys.ts";
import { fabricList } from "../networks/fabrics.ts";
import { ipAddressList } from "../networks/ip-addresses.ts";
import { ipRangeList } from "../networks/ip-ranges.ts";
import { leaseList } from "../networks/lease-list.ts";
import { reservedIpList } from "../networks/reserved-ips.ts";
import { spaceList } from "../networks/spaces.ts";
import { staticRouteList } from "../networks/static-routes.ts";
import { subnetList } from "../networks/subnets.ts";
import { vlanList } from "../networks/vlans.ts";
import { notificationList } from "../notifications/notifications.ts";
import { repositoryList } from "../package-repositories/repositories.ts";
import { rackList } from "../racks/rows.ts";
import { scriptList, versionList } from "../scripts/read.ts";
import { resultList } from "../scripts/results.ts";
import { tagList } from "../tags/tags.ts";
import { groupList } from "../users/groups.ts";
import { ldapList, oidcList } from "../users/providers.ts";
import { sessionList } from "../users/sessions.ts";
import { sshKeyList } from "../users/ssh-keys.ts";
import { tokenList } from "../users/tokens.ts";
import { userList } from "../users/users.ts";
import { deliveryList, webhookList } from "../webhooks/index.ts";
import { placeLists } from "../zones/places.ts";
import type { List } from "./list.ts";

/** Every list of the API that is declared, by its path. Machines have their own fields. */
export const lists: readonly List[] = [
  bootSourceList,
  deliveryList,
  deviceList,
  discoveryList,
  dnsResourceList,
  domainList,
  eventList,
  fabricList,
  groupList,
  imageList,
  inventoryList,
  ipAddressList,
  ipRangeList,
  ldapList,
  leaseList,
  licenseKeyList,
  notificationList,
  oidcList,
  placeLists.pool,
  placeLists.zone,
  rackList,
  repositoryList,
  reservedIpList,
  resultList,
  scriptList,
  selectionList,
  sessionList,
  spaceList,
  sshKeyList,
  staticRouteList,
  subnetList,
  tagList,
  tokenList,
  twinsList,
  userList,
  versionList,
  vlanList,
  webhookList,
].toSorted((a, b) => (a.path < b.path ? -1 : 1));
