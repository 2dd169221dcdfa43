import { eventTypes, notificationCategories } from "@rackwright/contract";
import type { Sower } from "./sower.ts";

/** Images and their sources, notifications, webhooks, keys, repositories, events. Returns what has parts that are lists. */
export async function seedStored(
  sower: Sower,
  of: { machine: string; root: number },
): Promise<{ source: string; hook: string }> {
  const { fill, pick, whole, flag, some, subset, text, time, mac } = sower;
  const { machine, root } = of;
  await fill("images", (index) => ({
    name: `image-${index % 7}`,
    architecture: index < 7 ? "amd64" : "arm64",
    kind: pick(["bootloader", "ephemeral", "deployable"]),
    title: text(),
    os: pick(["debian", "ubuntu"]),
    release: text(),
    recipe: "0".repeat(64),
    built_at: time(),
    files: Array.from({ length: 1 + whole(2) }, (_, n) => ({
      role: "squashfs",
      name: `f${n}`,
      sha256: "0".repeat(64),
      size: whole(3) * 1_000_000,
    })),
  }));
  const sources = await fill("boot_sources", (index) => ({
    name: text(),
    url: `https://example.org/${index}`,
    priority: whole(3),
    enabled: flag(),
    keyring_filename: pick(["", "/Keyring"]),
    keyring_data: "\\x00",
    skip_keyring_verification: flag(),
    created_at: time(),
    updated_at: time(),
  }));
  await fill("boot_source_selections", (index) => ({
    boot_source_id: sources[0],
    os: pick(["ubuntu", "Debian"]),
    release: `r${index}`,
    arches: subset(["amd64", "arm64"]),
    subarches: subset(["*"]),
    labels: subset(["stable", "Daily"]),
  }));
  await fill("notifications", (index) => ({
    ident: some(`ident-${index}`),
    user_id: some(root),
    users: true,
    admins: flag(),
    message: text().replaceAll(/[{}]/g, ""),
    category: pick(notificationCategories),
    dismissable: flag(),
    created_at: time(),
    updated_at: time(),
  }));
  const hooks = await fill("webhooks", (index) => ({
    url: `https://example.org/${index}`,
    description: text(),
    secret: "sixteen characters",
    types: subset(["machine", "dhcp.ack"]),
    level: pick(["debug", "info", "warning", "error"]),
    filter: some("status:ready"),
    enabled: false,
    disabled_reason: some(text()),
    failing_since: some(time()),
    through: 0,
    created_at: time(),
  }));
  await fill("webhook_deliveries", (index) => ({
    webhook_id: hooks[0],
    event_id: index + 1,
    event: { type: pick(eventTypes) },
    state: pick(["waiting", "delivered", "failed"]),
    attempts: whole(3),
    created_at: time(),
    attempted_at: some(time()),
    status: some(pick([200, 500])),
    answer: some(text()),
    error: some(text()),
    milliseconds: some(whole(5)),
  }));
  await fill("license_keys", (index) => ({ osystem: "windows", distro_series: `win${index}`, license_key: "x" }));
  await fill("package_repositories", (index) => ({
    name: `repo ${index}`,
    url: `https://example.org/${whole(3)}`,
    distributions: subset(["jammy", "Noble"]),
    disabled_pockets: subset(["updates"]),
    disabled_components: subset(["universe"]),
    disable_sources: flag(),
    components: subset(["main"]),
    arches: subset(["amd64", "arm64"]),
    key: text(),
    enabled: flag(),
    builtin: null,
  }));
  await fill("events", (index) => ({
    id: index + 1,
    at: time(),
    type: pick(eventTypes),
    level: pick(["debug", "info", "warning", "error"]),
    machine_id: some(machine),
    mac: some(mac(index)),
    rack: some("rack-1"),
    actor: some(pick(["Anna", "bert"])),
    message: text(),
    data: {},
    failure: null,
  }));
  return { source: String(sources[0]), hook: String(hooks[0]) };
}
