import { hardwareTypes } from "@rackwright/contract";
import type { Sower } from "./sower.ts";

/** Scripts, versions of the first one, and results of a machine. */
export async function seedScripts(sower: Sower, machine: string): Promise<void> {
  const { fill, pick, whole, flag, some, subset, text, time } = sower;
  const digest = (index: number): string => (index + 1).toString(16).padStart(64, "0");
  await fill("script_texts", (index) => ({ sha256: digest(index), size: 100 + whole(4), text: "x" }), null);
  const scripts = await fill("scripts", (index) => ({
    name: `script-${index}`,
    type: pick(["commissioning", "testing", "release"]),
    hardware_type: pick(hardwareTypes),
    title: text(),
    description: text(),
    tags: subset(["cpu", "Disk", "net"]),
    timeout: whole(3),
    parallel: pick(["disabled", "instance", "any"]),
    for_hardware: subset(["usb:1", "pci:2"]),
    destructive: flag(),
    may_reboot: flag(),
    recommission: flag(),
    apply_configured_networking: flag(),
    builtin: flag(),
    sha256: digest(index),
    updated_at: time(),
  }));
  await fill("script_versions", (index) => ({
    script_id: scripts[0],
    name: "script-0",
    sha256: digest(index),
    comment: text(),
    created_by: text(),
    created_at: time(),
  }));
  const sets = await fill(
    "script_sets",
    () => ({ machine_id: machine, type: "testing", requested_by: "root", created_at: time() }),
    "id",
    1,
  );
  await fill("script_results", (index) => ({
    set_id: sets[0],
    machine_id: machine,
    name: `script-${index}`,
    status: pick(["passed", "failed", "pending"]),
    spec: { hardware_type: pick(hardwareTypes), parameters: {} },
    parameters: {},
    device: some(text()),
    exit_status: some(whole(3)),
    runtime: some(whole(4)),
    results: {},
    error: some(text()),
    suppressed: flag(),
    started_at: some(time()),
    ended_at: some(time()),
  }));
}
