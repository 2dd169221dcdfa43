import { networkInterfaces } from "node:os";
import type { RackInterface } from "@rackwright/contract/rack";
import { listInterfaces, type NetworkInterface, type Run } from "@rackwright/netdev";

export interface DevicesOptions {
  readonly run: Run;
  /** Only these devices; empty: all but loopback that have an IPv4 address. */
  readonly only: readonly string[];
  /** Told when the list has changed; what it throws is told to `failed`, and it is called again later. */
  readonly changed: (devices: readonly NetworkInterface[]) => Promise<void>;
  readonly failed: (error: unknown) => void;
  /** Milliseconds between two looks. */
  readonly every?: number;
}

/** Looks until the complete list is asked for although the quick look saw no change: names, bridges, carriers. */
const quickLooks = 10;

/** Follows the host's network devices. */
export class Devices {
  readonly #options: DevicesOptions;
  #list: readonly NetworkInterface[] = [];
  #quick = "";
  #told = "";
  #looks = 0;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> = Promise.resolve();

  constructor(options: DevicesOptions) {
    this.#options = options;
  }

  /** Reads the list once and then watches it. */
  async start(): Promise<void> {
    await this.#read();
    this.#timer = setInterval(() => {
      this.#working = this.#working.then(() => this.#look());
    }, this.#options.every ?? 3000);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#working;
  }

  /** Devices that are served. */
  get served(): readonly NetworkInterface[] {
    const { only } = this.#options;
    return this.#list.filter(
      ({ name, loopback, ipv4 }) => ipv4.length > 0 && (only.length > 0 ? only.includes(name) : !loopback),
    );
  }

  /** IPv4 addresses the rack serves on. */
  get addresses(): string[] {
    return this.served.flatMap(({ ipv4 }) => ipv4.map((cidr) => cidr.split("/")[0] ?? ""));
  }

  /** The served devices in the contract's form. */
  get described(): RackInterface[] {
    return this.served.map(({ name, mac, ipv4, vlan }) => ({
      name,
      mac: mac ?? null,
      addresses: ipv4,
      ...(vlan !== undefined && { vlan }),
    }));
  }

  async #look(): Promise<void> {
    const quick = JSON.stringify(networkInterfaces());
    this.#looks++;
    if (quick === this.#quick && this.#looks < quickLooks) return;
    await this.#read().catch(this.#options.failed);
  }

  async #read(): Promise<void> {
    this.#looks = 0;
    this.#quick = JSON.stringify(networkInterfaces());
    this.#list = await listInterfaces(this.#options.run);
    const described = JSON.stringify(this.served);
    if (described === this.#told) return;
    this.#told = described;
    try {
      await this.#options.changed(this.served);
    } catch (error) {
      this.#told = "";
      this.#options.failed(error);
    }
  }
}
