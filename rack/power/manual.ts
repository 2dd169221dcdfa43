import type { PowerDriver } from "./driver.ts";

/** The driver for machines that a person switches: does nothing, knows nothing. */
export function createManualDriver(): PowerDriver {
  const nothing = async (): Promise<void> => {};
  return {
    queryable: false,
    waits: [0],
    target: async () => ({
      key: "",
      on: nothing,
      off: nothing,
      reset: nothing,
      query: async () => "unknown",
      warnings: [],
    }),
  };
}
