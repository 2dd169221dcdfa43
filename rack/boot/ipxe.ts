import { bootInterface, bootOf, plainText, type ScriptInput } from "./script.ts";

/** The script for clients that do not know their own script's name: they are sent to it. */
export function ipxeStart(rack: string): string {
  return lines(
    "#!ipxe",
    `chain --replace --autofree http://${rack}/ipxe.cfg-\${netX/mac:hexhyp} ||`,
    "iseq ${buildarch} arm64 && set arch arm64 || set arch amd64",
    `chain --replace --autofree http://${rack}/ipxe.cfg-default-\${arch}`,
  );
}

/**
 * A decision as an iPXE script (ipxe.org/scripting). `netX` is the card iPXE booted from. A machine that can boot
 * nothing now asks again, so that it goes on by itself as soon as it can.
 */
export function ipxeScript(input: ScriptInput): string {
  const { decision, mac, rack } = input;
  const said = `echo Rackwright: ${plainText(decision.hostname)}: ${plainText(decision.rule)}`;
  const boot = bootOf(input);
  switch (decision.purpose) {
    case "local":
      return lines(
        "#!ipxe",
        said,
        // To UEFI an exit without an error is a boot that worked: it shows its menu instead of starting the disk.
        "iseq ${platform} pcbios || exit 1",
        "sanboot --no-describe --drive 0x80 || sanboot --no-describe --drive 0x81 || exit 1",
      );
    case "poweroff":
      if (boot === undefined) return lines("#!ipxe", said, "poweroff || exit 1");
      break;
    case "none":
      return again(said, rack, mac);
    case "enlist":
    case "commission":
    case "test":
    case "install":
    case "release":
    case "rescue":
    case "memory":
      if (boot === undefined) return again(said, rack, mac);
      break;
  }
  if (boot === undefined) return again(said, rack, mac);
  for (const word of boot.words)
    if (/\$\{|^(\|\||&&|;)$|^#/.test(word)) throw new RangeError(`iPXE would act upon the kernel option '${word}'`);
  const card = mac === null ? "01-${netX/mac:hexhyp}" : bootInterface(mac);
  return lines(
    "#!ipxe",
    said,
    `kernel http://${rack}${boot.kernel} initrd=boot-initrd ${boot.words.join(" ")} BOOTIF=${card} || goto again`,
    `initrd --name boot-initrd http://${rack}${boot.initrd} || goto again`,
    "boot ||",
    ":again",
    "echo Rackwright: the boot failed, next try in 10 seconds",
    "sleep 10",
    `chain --replace --autofree ${ownScript(rack, mac)} || goto again`,
  );
}

function again(said: string, rack: string, mac: string | null): string {
  return lines(
    "#!ipxe",
    ":again",
    said,
    "echo Rackwright: there is nothing to boot now, next try in 30 seconds",
    "sleep 30",
    `chain --replace --autofree ${ownScript(rack, mac)} || goto again`,
  );
}

const ownScript = (rack: string, mac: string | null): string =>
  `http://${rack}/ipxe.cfg${mac === null ? "" : `-${mac.replaceAll(":", "-")}`}`;

const lines = (...all: string[]): string => `${all.join("\n")}\n`;
