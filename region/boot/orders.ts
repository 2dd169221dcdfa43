import type { MachineStatus } from "@rackwright/contract";

/** What an agent in the ephemeral system can be asked to do. */
export const taskKinds = ["commission", "test", "release", "rescue", "install"] as const;
export type TaskKind = (typeof taskKinds)[number];

/** What a machine shall run: the ephemeral system with a task, its image from memory, the system on its disk, nothing. */
export type Order = TaskKind | "memory" | "local" | "poweroff";

/** What the order depends on: columns of the machine. */
export type Life = {
  status: MachineStatus;
  netboot: boolean;
  installed: boolean;
  ephemeral: boolean;
  patience: string | null;
};

/**
 * What the machine shall run at this moment of its life. Boot decision, agent task and metadata all go by it. A status
 * that holds a deployed system without running it (broken, failed testing, …) starts that system again, except after
 * a failed release or erase: its disks may be half wiped, and its credentials are gone.
 */
export function orderOf(machine: Life): Order {
  switch (machine.status) {
    case "commissioning":
      return "commission";
    case "testing":
      return "test";
    case "disk erasing":
      return "release";
    case "releasing":
      return machine.patience === "disk erasing" ? "release" : "poweroff";
    case "entering rescue mode":
    case "rescue mode":
      return "rescue";
    case "deploying":
      if (machine.ephemeral) return "memory";
      return machine.netboot ? "install" : "local";
    case "deployed":
      return ownSystem(machine);
    case "failed testing":
    case "reserved":
    case "failed to enter rescue mode":
    case "exiting rescue mode":
    case "failed to exit rescue mode":
    case "broken":
    case "missing":
    case "retired":
      return machine.installed ? ownSystem(machine) : "poweroff";
    case "new":
    case "failed commissioning":
    case "ready":
    case "allocated":
    case "failed deployment":
    case "failed releasing":
    case "failed disk erasing":
      return "poweroff";
  }
}

const ownSystem = ({ ephemeral }: Life): Order => (ephemeral ? "memory" : "local");

/** The task of the machine's agent; null: it has none. */
export function taskKind(machine: Life): TaskKind | null {
  const order = orderOf(machine);
  return taskKinds.find((kind) => kind === order) ?? null;
}
