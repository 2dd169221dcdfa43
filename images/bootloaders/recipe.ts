import type { LoaderRecipe } from "../recipe.ts";

/**
 * Everything a firmware may ask for. The signed chain (UEFI Secure Boot): shim under the name the firmware asks for,
 * which loads grubx64.efi and, for its own key management, mmx64.efi from the same place.
 */
export const bootloaders: LoaderRecipe = {
  kind: "bootloader",
  name: "bootloaders",
  title: "Boot loaders (shim, GRUB, iPXE)",
  os: "bootloaders",
  release: "debian-12",
  suite: "bookworm",
  packages: ["shim-signed", "shim-helpers-amd64-signed", "grub-efi-amd64-signed", "ipxe"],
  loaders: {
    "bootx64.efi": "usr/lib/shim/shimx64.efi.signed",
    "mmx64.efi": "usr/lib/shim/mmx64.efi.signed",
    "grubx64.efi": "usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed",
    "undionly.kpxe": "usr/lib/ipxe/undionly.kpxe",
    "snponly.efi": "usr/lib/ipxe/snponly.efi",
    "ipxe.efi": "boot/ipxe.efi",
  },
};
