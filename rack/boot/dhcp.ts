import type { BootDecision, BootRequest } from "@rackwright/contract/rack";
import type { BootReply } from "@rackwright/dhcp";
import { bootClientOf, loaderOf, loaderReply } from "../dhcp/boot-reply.ts";
import type { BootQuestion, DecideBoot } from "../dhcp/world.ts";

export interface DhcpBootOptions {
  readonly decide: (request: BootRequest) => Promise<BootDecision>;
  readonly httpPort: () => number;
  /** Whether a boot loader of this name can be served. */
  readonly hasLoader: (name: string) => boolean;
  readonly missing: (loader: string, question: BootQuestion) => void;
}

/** Translates decisions into the boot fields of DHCP answers: which loader for which kind of client. */
export function dhcpBoot(options: DhcpBootOptions): DecideBoot {
  return async (question) => {
    const decision = await options.decide(dhcpRequest(question));
    // Also a machine that boots from its disk is given a loader: firmware waits long for an answer without one.
    if (decision.purpose === "none") return undefined;
    return loaderFor(question, options);
  };
}

/** The question for the region. */
export function dhcpRequest({ client, mac, rackAddress, address }: BootQuestion): BootRequest {
  return {
    mac,
    uuid: client.guid ?? null,
    client: bootClientOf(client.kind),
    firmware: client.firmware ?? null,
    architecture: client.architecture ?? null,
    architecture_code: client.architectureCode ?? null,
    rack_address: rackAddress,
    address: address ?? null,
    stage: "dhcp",
  };
}

function loaderFor(question: BootQuestion, { httpPort, hasLoader, missing }: DhcpBootOptions): BootReply | undefined {
  const { client, mac, rackAddress } = question;
  const reply = loaderReply(client, mac, { address: rackAddress, httpPort: httpPort(), hasLoader });
  const loader = loaderOf(client, reply);
  if (loader === undefined || hasLoader(loader)) return reply;
  missing(loader, question);
  return undefined;
}
