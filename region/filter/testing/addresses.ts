import type { Row, Sower } from "./sower.ts";

/** Ranges, addresses and routes of ten IPv4 subnets. Returns ids of addresses that are set aside. */
export async function seedAddresses(
  sower: Sower,
  subnets: readonly number[],
  people: readonly number[],
): Promise<number[]> {
  const { fill, pick, whole, some, text, time, later, mac } = sower;
  const address = (index: number): Row => ({
    subnet_id: subnets[index % 10],
    address: `10.${index % 10}.0.${20 + whole(100) * 2 + (index > 9 ? 1 : 0)}`,
  });
  const range = (index: number): Row => ({
    subnet_id: subnets[index % 10],
    kind: pick(["dynamic", "reserved"]),
    first: `10.${index % 10}.0.${10 + whole(5)}`,
    last: `10.${index % 10}.0.${20 + whole(5)}`,
    comment: text(),
    user_id: some(pick(people)),
  });
  await fill("ip_ranges", range);
  const fixed = await fill("ip_addresses", (index) => ({
    ...address(index),
    kind: pick(["user", "static"]),
    user_id: some(pick(people)),
    mac: some(mac(index)),
    hostname: some(`host-${index}`),
    created_at: time(),
  }));
  await fill("reserved_ips", (index) => ({ ...address(index), mac: mac(index), comment: text() }));
  await fill("static_routes", (index) => ({
    source_id: subnets[index % 10],
    destination_id: subnets[(index + 1) % 10],
    gateway: `10.${index % 10}.0.${index}`,
    metric: whole(3),
  }));
  await fill(
    "leases",
    (index) => ({
      ...address(index),
      mac: mac(index),
      hostname: some(`host-${index}`),
      state: "leased",
      expires_at: later(),
      updated_at: time(),
    }),
    null,
  );
  return fixed;
}
