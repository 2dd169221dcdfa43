import type { SystemRecipe } from "../recipe.ts";
import { words } from "../words.ts";

const system = words("systemd systemd-sysv dbus udev kmod initramfs-tools busybox zstd netbase");
const kernel = words("linux-image-amd64 firmware-bnx2 firmware-bnx2x firmware-qlogic firmware-realtek");
const orders = words("cloud-init openssh-server curl ca-certificates");
const inventory = words("lshw dmidecode pciutils usbutils ipmitool ethtool smartmontools nvme-cli hdparm");
const disks = words("gdisk fdisk parted mdadm lvm2 cryptsetup-bin e2fsprogs xfsprogs btrfs-progs dosfstools");
const install = words(`
  squashfs-tools grub2-common grub-pc-bin grub-efi-amd64-bin grub-efi-amd64-signed shim-signed
`);
const tests = words("stress-ng memtester fio p7zip-full lldpd netplan.io unzip");
const people = words("iproute2 iputils-ping less vim-tiny procps sudo efibootmgr xz-utils util-linux-extra");

/** The system a machine boots into memory to be enlisted, commissioned, tested, installed, rescued or wiped. */
export const ephemeralDebian12: SystemRecipe = {
  kind: "ephemeral",
  name: "ephemeral-debian-12",
  title: "Debian 12 in memory, with the agent",
  os: "debian",
  release: "12",
  suite: "bookworm",
  packages: [...system, ...kernel, ...orders, ...inventory, ...disks, ...install, ...tests, ...people],
  excluded: [
    "/usr/share/man/*",
    "/usr/share/doc/*",
    "/usr/share/locale/*",
    "/usr/share/info/*",
    "/usr/share/lintian/*",
    "/usr/share/i18n/*",
    "/usr/share/snmp/*",
  ],
  included: [],
  files: new URL("./files", import.meta.url).pathname,
  initrd: new URL("../network-initrd", import.meta.url).pathname,
  outputs: ["boot-kernel", "boot-initrd"],
  agent: true,
};
