import { isIP } from "node:net";
import { z } from "zod";

/** An address of either family, IPv6 in lower case and without a zone. */
export const ipAddress = z
  .string()
  .max(45)
  .refine((text) => isIP(text) !== 0 && !text.includes("%"), "must be an IP address such as 10.0.0.1 or fd00::1")
  .toLowerCase();

/** A network of either family in CIDR form. */
export const ipNetwork = z
  .string()
  .max(49)
  .refine((text) => {
    const [address = "", prefix = "", ...rest] = text.split("/");
    const version = address.includes("%") ? 0 : isIP(address);
    return (
      rest.length === 0 &&
      version !== 0 &&
      /^(0|[1-9]\d{0,2})$/.test(prefix) &&
      Number(prefix) <= (version === 4 ? 32 : 128)
    );
  }, "must be a network such as 10.0.0.0/24 or fd00::/64")
  .toLowerCase();
