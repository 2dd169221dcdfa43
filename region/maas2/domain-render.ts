import type { Domain } from "@rackwright/contract";

/** A domain as MAAS's API shows it. Name servers to ask are written and not shown. */
export const renderDomain = ({ id, name, ttl, authoritative, resource_record_count, is_default }: Domain) => ({
  id,
  name,
  ttl,
  authoritative,
  resource_record_count,
  is_default,
  resource_uri: `/MAAS/api/2.0/domains/${id}/`,
});
