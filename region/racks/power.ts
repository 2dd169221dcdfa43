import { LinkFailure, makeFailure, noRack, type PowerRequest, type PowerState } from "@rackwright/contract";
import { contains, toBlock } from "../networks/address.ts";
import type { RackConnection } from "./connection.ts";
import type { RackLinks } from "./links.ts";

/**
 * Milliseconds a rack has for one power action: it asks a BMC that answers slowly several times, for a cycle twice. It
 * ends by itself before that, with a reason better than "no answer"; a rack that is gone ends the call with its link.
 */
const powerTimeout = 300_000;

/** Carries power actions to machines' BMCs through the racks linked to this region process. */
export class RackPower {
  readonly #links: RackLinks;

  constructor(links: RackLinks) {
    this.#links = links;
  }

  /** Whether a rack that could do it is linked to this process; if not, the work must be left to another region. */
  canReach(_machineId: string): boolean {
    return this.#links.connections().length > 0;
  }

  /**
   * Performs a power action on a machine's BMC and tells the state it is in then. A rack on the BMC's own network goes
   * first. @throws LinkFailure with the failure of the BMC or of the rack; `no-rack` when none is linked here
   */
  async perform(request: PowerRequest, machineId: string): Promise<{ state: PowerState }> {
    const [rack] = rankRacks(
      this.#links.connections(),
      request.parameters["power_address"] ?? request.parameters["address"],
    );
    if (rack === undefined)
      throw new LinkFailure(
        makeFailure(noRack, `No rack controller is connected, so the BMC of machine ${machineId} cannot be reached.`),
      );
    return rack.call("power.perform", request, powerTimeout);
  }
}

/** Racks in the order in which they are tried: those with an interface on the BMC's network first. */
export function rankRacks<T extends Pick<RackConnection, "interfaces">>(
  racks: readonly T[],
  bmc: string | undefined,
): T[] {
  const host = /^\d+\.\d+\.\d+\.\d+/.exec(bmc ?? "")?.[0];
  const near = (rack: T): boolean =>
    host !== undefined &&
    rack.interfaces.some(({ addresses }) => addresses.some((cidr) => contains(toBlock(cidr), host)));
  return racks.toSorted((one, other) => Number(near(other)) - Number(near(one)));
}
