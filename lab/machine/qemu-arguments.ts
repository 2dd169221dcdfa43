import { machineFiles, type MachineState } from "../state.ts";
import type { HostFirmware, UefiFiles } from "../world/requirements.ts";
import type { BootOrder } from "./boot-order.ts";

/** Names of devices in QEMU, by which QMP finds them under /machine/peripheral. */
export const networkDevice = "net0";
export const diskDevice = "disk0";

type Option = readonly [name: string, value: string];

/**
 * The command line of a machine. Boot order is by `bootindex` alone, because `-boot` does not bind all firmware.
 * Controllers that a board has and nobody needs are left out: each costs firmware time at every start.
 */
export function qemuArguments(machine: MachineState, order: BootOrder, { board, uefi }: HostFirmware): string[] {
  const files = machineFiles(machine.directory);
  const index = (device: "network" | "disk") => `bootindex=${order.indexOf(device)}`;
  const options: readonly Option[] = [
    ["-name", `${machine.name},process=rw-${machine.name}`],
    ["-machine", `${board},graphics=off,sata=off,smbus=off,usb=off,hpet=off`],
    // Each processor is a thread of the host: two start a system faster than one where the host has two to spare.
    ["-accel", "tcg,thread=multi"],
    // svm and the newer instruction sets are slower to emulate than to do without.
    ["-cpu", "qemu64,-svm"],
    ["-smp", String(machine.cpus)],
    ["-m", String(machine.memoryMiB)],
    ["-display", "none"],
    ["-vga", "none"],
    ["-rtc", "base=utc"],
    ["-msg", "timestamp=on"],
    ...firmwareOptions(machine, uefi),
    ["-uuid", machine.uuid],
    ["-smbios", smbios(machine)],
    ["-smbios", `type=3,manufacturer=Rackwright,serial=${machine.serialNumber}`],
    // Without a source of entropy a guest waits minutes for its first random numbers.
    ["-device", "virtio-rng-pci"],
    ["-netdev", `tap,id=lan0,ifname=${machine.tap},script=no,downscript=no,vhost=off`],
    ["-device", networkCard(machine, index("network"))],
    ...machine.disks.flatMap((disk, i): Option[] => [
      ["-drive", `if=none,id=drive${i},format=raw,cache=unsafe,discard=unmap,file=${escape(disk.path)}`],
      [
        "-device",
        `virtio-blk-pci,id=disk${i},drive=drive${i},serial=${disk.serial}${i > 0 ? "" : `,${index("disk")}`}`,
      ],
    ]),
    ["-chardev", `${listening("serial0", files.serial)},logfile=${escape(files.console)},logappend=on`],
    ["-serial", "chardev:serial0"],
    // The guest's way to its own BMC: QEMU comes to the BMC and comes again after the BMC was away.
    ["-chardev", `socket,id=bmc0,path=${escape(files.vm)},reconnect=1`],
    ["-device", "ipmi-bmc-extern,id=bmc,chardev=bmc0"],
    ["-device", "isa-ipmi-kcs,bmc=bmc"],
    ["-chardev", listening("qmp0", files.qmp)],
    ["-mon", "chardev=qmp0,mode=control"],
  ];
  return ["-nodefaults", "-no-user-config", ...options.flat()];
}

function listening(id: string, path: string): string {
  return `socket,id=${id},path=${escape(path)},server=on,wait=off`;
}

function firmwareOptions(machine: MachineState, uefi: UefiFiles | undefined): Option[] {
  if (machine.firmware === "bios") return [];
  if (uefi === undefined) throw new Error(`machine ${machine.name} wants UEFI firmware and none is installed`);
  const variables = machineFiles(machine.directory).variables;
  return [
    ["-drive", `if=pflash,unit=0,format=raw,readonly=on,file=${escape(uefi.code)}`],
    ["-drive", `if=pflash,unit=1,format=raw,file=${escape(variables)}`],
    // IPv6 network boot costs a minute wherever no router advertises itself.
    ["-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=n"],
  ];
}

function networkCard(machine: MachineState, bootIndex: string): string {
  const card = `virtio-net-pci,id=${networkDevice},netdev=lan0,mac=${machine.mac},${bootIndex}`;
  // UEFI has a driver and a PXE client of its own, as servers have; iPXE's ROM would take their place, and time.
  return machine.firmware === "uefi" ? `${card},romfile=` : card;
}

function smbios(machine: MachineState): string {
  return `type=1,manufacturer=Rackwright,product=Virtual machine,version=1,serial=${machine.serialNumber},uuid=${machine.uuid}`;
}

/** QEMU's options take a comma as separator, and two commas as one. */
function escape(path: string): string {
  return path.replaceAll(",", ",,");
}
