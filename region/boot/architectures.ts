import type { Architecture, BootClient, BootRequest } from "@rackwright/contract";

const ofClient: Partial<Record<BootClient, Architecture>> = {
  "pxe-bios": "amd64",
  "pxe-uefi-x64": "amd64",
  "http-uefi-x64": "amd64",
  "pxe-uefi-arm64": "arm64",
  "http-uefi-arm64": "arm64",
};

/** IANA "Processor Architecture Types" (DHCP option 93): what can be served, and the names of what cannot. */
const ofCode: Readonly<Record<number, Architecture>> = {
  0: "amd64",
  7: "amd64",
  9: "amd64",
  11: "arm64",
  16: "amd64",
  17: "amd64",
  19: "arm64",
  20: "amd64",
};
const codeNames: Readonly<Record<number, string>> = {
  2: "Itanium",
  6: "32-bit x86 UEFI",
  8: "Xscale",
  10: "32-bit ARM UEFI",
  12: "PowerPC Open Firmware",
  14: "POWER OPAL",
  15: "32-bit x86 UEFI over HTTP",
  18: "32-bit ARM UEFI over HTTP",
  25: "RISC-V 32-bit UEFI",
  27: "RISC-V 64-bit UEFI",
  28: "RISC-V 64-bit UEFI over HTTP",
  31: "s390x",
  39: "LoongArch 64-bit UEFI",
};

/**
 * The architecture a firmware or loader can start, from what it said of itself; `known` is what is on record of the
 * machine. Null where it cannot start anything we have. iPXE and GRUB that tell nothing count as amd64.
 */
export function bootArchitecture(request: BootRequest, known: Architecture | null): Architecture | null {
  const told = request.architecture ?? ofClient[request.client];
  if (told !== undefined && told !== null) return told;
  if (request.architecture_code !== null) return ofCode[request.architecture_code] ?? null;
  if (known !== null) return known;
  return request.client === "ipxe" || request.client === "grub" ? "amd64" : null;
}

/** What a client that cannot be served is called in messages. */
export function architectureName(request: BootRequest): string {
  const code = request.architecture_code;
  if (code === null) return "no architecture was named";
  return `architecture code ${code}${codeNames[code] === undefined ? "" : ` (${codeNames[code]})`}`;
}
