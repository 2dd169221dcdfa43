import type { SystemRecipe } from "../recipe.ts";
import { words } from "../words.ts";

const system = words("systemd systemd-sysv dbus udev kmod initramfs-tools busybox zstd netbase");
const kernel = words(`
  linux-image-amd64 intel-microcode amd64-microcode firmware-bnx2 firmware-bnx2x firmware-qlogic
  firmware-realtek
`);
const loader = words("grub2-common grub-pc-bin grub-efi-amd64-bin grub-efi-amd64-signed shim-signed efibootmgr");
const login = words("cloud-init cloud-guest-utils openssh-server sudo libpam-systemd");
const network = words("netplan.io systemd-resolved systemd-timesyncd iproute2 iputils-ping ethtool curl");
const disks = words("e2fsprogs xfsprogs dosfstools gdisk fdisk lvm2 mdadm smartmontools nvme-cli");
const usual = words(`
  ca-certificates apt-utils gnupg unattended-upgrades cron logrotate less vim-tiny nano procps psmisc lsof
  pciutils usbutils dmidecode bash-completion rsync wget xz-utils file bzip2 util-linux-extra python3
`);

/**
 * A small Debian 12 server: one squashfs, set up by cloud-init at its first boot. It goes to the disk of a machine, or
 * runs from memory with a kernel and an initrd of its own.
 */
export const debian12: SystemRecipe = {
  kind: "deployable",
  name: "debian-12",
  title: "Debian 12 (bookworm)",
  os: "debian",
  release: "12",
  suite: "bookworm",
  packages: [...system, ...kernel, ...loader, ...login, ...network, ...disks, ...usual],
  excluded: [
    "/usr/share/man/*",
    "/usr/share/doc/*/*",
    "/usr/share/info/*",
    "/usr/share/lintian/*",
    "/usr/share/locale/*",
  ],
  included: ["/usr/share/doc/*/copyright"],
  files: new URL("./files", import.meta.url).pathname,
  initrd: new URL("../network-initrd", import.meta.url).pathname,
  outputs: ["boot-kernel", "boot-initrd"],
  agent: false,
};
