import type { RackSubnet } from "@rackwright/contract/rack";
import {
  addressesValue,
  addressFromNumber,
  encodeDomainList,
  OptionCode,
  textValue,
  u16Value,
  type Network,
  type Options,
} from "@rackwright/dhcp";

const usualMtu = 1500;

/** What every client of a subnet is told about it. Built once per configuration and shared by all answers. */
export function networkOptions(subnet: RackSubnet, network: Network): Options {
  const options: Options = new Map();
  options.set(OptionCode.subnetMask, addressesValue(addressFromNumber(network.mask)));
  if (subnet.gateway !== null) options.set(OptionCode.router, addressesValue(subnet.gateway));
  if (subnet.dns_servers.length > 0) options.set(OptionCode.dnsServers, addressesValue(...subnet.dns_servers));
  if (subnet.domain !== "") {
    options.set(OptionCode.domainName, textValue(subnet.domain));
    options.set(OptionCode.domainSearch, encodeDomainList([subnet.domain]));
  }
  if (subnet.mtu !== null && subnet.mtu !== usualMtu) options.set(OptionCode.interfaceMtu, u16Value(subnet.mtu));
  options.set(OptionCode.broadcastAddress, addressesValue(addressFromNumber(network.broadcast)));
  if (subnet.ntp_servers.length > 0) options.set(OptionCode.ntpServers, addressesValue(...subnet.ntp_servers));
  return options;
}

/** The same with the client's host name (option 12). */
export function withHostname(options: Options, hostname: string | null): Options {
  return hostname === null || hostname === ""
    ? options
    : new Map([...options, [OptionCode.hostname, textValue(hostname)]]);
}
