import type { Sower } from "./sower.ts";

/** Domains with names, addresses and records. Returns ids of domains. */
export async function seedDns(sower: Sower): Promise<number[]> {
  const { fill, pick, whole, flag, some, subset, text } = sower;
  const domains = await fill("domains", (index) => ({
    name: `d${index}.example`,
    authoritative: flag(),
    ttl: some(1 + whole(3)),
    forward_servers: subset(["10.0.0.1", "10.0.0.53"]),
  }));
  const resources = await fill("dns_resources", (index) => ({
    domain_id: pick(domains),
    name: `n${index}`,
    address_ttl: some(whole(3)),
  }));
  await fill(
    "dns_resource_addresses",
    (index) => ({ resource_id: resources[index % 5], address: `10.0.0.${index}` }),
    null,
  );
  await fill("dns_records", (index) => ({
    resource_id: resources[(index % 5) + 5],
    type: "TXT",
    data: `${text()} ${index}`,
    ttl: some(whole(3)),
  }));
  return domains;
}
