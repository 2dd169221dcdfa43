import assert from "node:assert/strict";

const tools =
  "lshw dmidecode lspci lsusb ipmitool sgdisk mdadm lvm mkfs.ext4 mkfs.xfs mkfs.vfat unsquashfs grub-install curl " +
  "smartctl nvme hdparm ethtool ip parted zstd sshd stress-ng memtester fio 7z badblocks lldpd lldpctl netplan unzip";
const drivers =
  "ipmi_si ipmi_devintf e1000e igb ixgbe i40e ice tg3 bnx2 bnx2x bnxt_en mlx4_en mlx5_core r8169 nvme ahci " +
  "megaraid_sas mpt3sas hpsa aacraid smartpqi virtio_blk virtio_scsi";

/** What somebody logged in to the ephemeral system asks it about itself. */
export const inspection = `sudo -n sh <<'END'
for tool in ${tools}; do command -v "$tool" >/dev/null || echo "missing program $tool"; done
for driver in ${drivers}; do modinfo "$driver" >/dev/null 2>&1 || echo "missing driver $driver"; done
echo "failed units: $(systemctl list-units --failed --plain --no-legend | wc -l)"
echo "node $(/usr/lib/rackwright/node --version)"
echo "agent of $(wc -c </usr/lib/rackwright/agent.mjs) bytes"
END`;

/**
 * Checks what it answered: every program and driver is there, nothing failed, Node is the pinned one, and
 * an agent is there, which each start replaces by the rack's.
 */
export function assertWhole(answer: string): void {
  assert.doesNotMatch(answer, /missing/);
  assert.match(answer, /^failed units: 0$/m);
  assert.match(answer, new RegExp(`^node ${process.version.replaceAll(".", "\\.")}$`, "m"));
  assert.match(answer, /^agent of \d+ bytes$/m);
}
