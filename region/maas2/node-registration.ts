import { macAddress } from "@rackwright/contract";
import type { MachineStatus } from "@rackwright/contract";
import { z } from "zod";
import { isTimed } from "../machines/lifecycle.ts";
import type { Call, Operation } from "./operation.ts";
import { operation } from "./operation.ts";
import { text } from "./parameters.ts";

const parameters = z.object({
  mac_address: text("A MAC address, in any usual notation.", 100).transform((given, context) => {
    const digits = given.replaceAll(/[^0-9a-fA-F]/g, "");
    const mac = macAddress.safeParse(digits.replaceAll(/(..)(?=.)/g, "$1:"));
    if (mac.success && /^[0-9a-fA-F:.-]+$/.test(given.trim())) return mac.data;
    context.addIssue({ code: "custom", message: "is not a valid MAC address." });
    return z.NEVER;
  }),
});

async function statusOf(call: Call, mac: string): Promise<MachineStatus | null> {
  const found = await call.db
    .selectFrom("interfaces")
    .innerJoin("machines", "machines.id", "interfaces.machine_id")
    .select("machines.status")
    .where("interfaces.mac", "=", mac)
    .executeTakeFirst();
  return found?.status ?? null;
}

/** What anybody may ask of a network card's machine. A stranger does not learn of machines that are not yet accepted. */
export const registrationOperations: Readonly<Record<string, Operation>> = {
  "GET is_registered": operation({
    access: "none",
    title: "Whether a machine with this network card is known.",
    parameters,
    errors: "text",
    run: async (call, { mac_address }) => {
      const status = await statusOf(call, mac_address);
      const hidden: readonly (MachineStatus | null)[] =
        call.caller === null ? [null, "new", "commissioning", "retired"] : [null, "retired"];
      return { json: !hidden.includes(status) };
    },
  }),
  "GET is_action_in_progress": operation({
    access: "none",
    strangersOnly: true,
    title: "Whether something goes on with the machine of this network card.",
    parameters,
    errors: "text",
    run: async (call, { mac_address }) => {
      const status = await statusOf(call, mac_address);
      return { json: status !== null && isTimed(status) };
    },
  }),
};
