import type { Holder, Holding } from "../networks/address-book.ts";

/** MAAS's numbers and names of how an address came to whoever has it. */
export const allocationTypes = {
  auto: { number: 0, name: "Automatic" },
  static: { number: 1, name: "Static" },
  rack: { number: 1, name: "Static" },
  user: { number: 4, name: "User reserved" },
  dhcp: { number: 5, name: "DHCP" },
} as const satisfies Record<Holding["kind"], { number: number; name: string }>;

/** MAAS's numbers of what a node is. */
export const nodeTypes = { machine: 0, device: 1, rack: 2 } as const satisfies Record<Holder["kind"], number>;
