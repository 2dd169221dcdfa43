import assert from "node:assert/strict";
import { test } from "node:test";
import type { BootDecision, BootPurpose } from "@rackwright/contract";
import { assert as checkProperty, constantFrom, property, string } from "fast-check";
import { grubScript, grubStart } from "./grub.ts";
import { ipxeScript, ipxeStart } from "./ipxe.ts";
import { parseBootName } from "./names.ts";

const rack = "10.0.0.1:5248";
const mac = "52:54:00:12:34:56";
const [kernel, initrd] = ["a", "b"].map((digit) => digit.repeat(64)) as [string, string];
const commandLine = [
  `nomodeset root=squash:http://{rack}/images/${"c".repeat(64)}/squashfs ip=::::node1:BOOTIF:dhcp ip6=off`,
  "cc:{'datasource_list': ['MAAS']}end_cc",
  "cloud-config-url=http://{rack}/MAAS/metadata/latest/by-id/abcdef/?op=get_preseed ro console=tty0 console=ttyS0,115200",
].join(" ");

function decision(purpose: BootPurpose, more: Partial<BootDecision> = {}): BootDecision {
  const boots = purpose !== "local" && purpose !== "none";
  return {
    machine_id: "abcdef",
    purpose,
    rule: "the rule says so",
    architecture: "amd64",
    hostname: "node1",
    kernel: boots ? { name: "boot-kernel", sha256: kernel, size: 1 } : null,
    initrd: boots ? { name: "boot-initrd", sha256: initrd, size: 1 } : null,
    command_line: boots ? commandLine : "",
    ...more,
  };
}

test("iPXE: a machine that boots the ephemeral system", () => {
  assert.equal(
    ipxeScript({ decision: decision("commission"), mac, rack }),
    `#!ipxe
echo Rackwright: node1: the rule says so
kernel http://10.0.0.1:5248/images/${kernel}/boot-kernel initrd=boot-initrd nomodeset root=squash:http://10.0.0.1:5248/images/${"c".repeat(64)}/squashfs ip=::::node1:BOOTIF:dhcp ip6=off cc:{'datasource_list': ['MAAS']}end_cc cloud-config-url=http://10.0.0.1:5248/MAAS/metadata/latest/by-id/abcdef/?op=get_preseed ro console=tty0 console=ttyS0,115200 BOOTIF=01-52-54-00-12-34-56 || goto again
initrd --name boot-initrd http://10.0.0.1:5248/images/${initrd}/boot-initrd || goto again
boot ||
:again
echo Rackwright: the boot failed, next try in 10 seconds
sleep 10
chain --replace --autofree http://10.0.0.1:5248/ipxe.cfg-52-54-00-12-34-56 || goto again
`,
  );
});

test("iPXE: a card nobody named gets its address from the loader", () => {
  const script = ipxeScript({ decision: decision("enlist", { machine_id: null }), mac: null, rack });
  assert.match(script, / BOOTIF=01-\$\{netX\/mac:hexhyp\} \|\| goto again\n/);
  assert.match(script, /\nchain --replace --autofree http:\/\/10\.0\.0\.1:5248\/ipxe\.cfg \|\| goto again\n$/);
});

test("iPXE: local disk, power off without an image, nothing to boot", () => {
  assert.equal(
    ipxeScript({ decision: decision("local"), mac, rack }),
    `#!ipxe
echo Rackwright: node1: the rule says so
iseq \${platform} pcbios || exit 1
sanboot --no-describe --drive 0x80 || sanboot --no-describe --drive 0x81 || exit 1
`,
  );
  assert.equal(
    ipxeScript({ decision: decision("poweroff", { kernel: null }), mac, rack }),
    `#!ipxe
echo Rackwright: node1: the rule says so
poweroff || exit 1
`,
  );
  const waiting = `#!ipxe
:again
echo Rackwright: node1: the rule says so
echo Rackwright: there is nothing to boot now, next try in 30 seconds
sleep 30
chain --replace --autofree http://10.0.0.1:5248/ipxe.cfg-52-54-00-12-34-56 || goto again
`;
  assert.equal(ipxeScript({ decision: decision("none"), mac, rack }), waiting);
  assert.equal(ipxeScript({ decision: decision("install", { initrd: null }), mac, rack }), waiting);
  assert.match(ipxeScript({ decision: decision("poweroff"), mac, rack }), /^kernel http/m);
});

test("iPXE: the first script sends each machine to its own", () => {
  assert.equal(
    ipxeStart(rack),
    `#!ipxe
chain --replace --autofree http://10.0.0.1:5248/ipxe.cfg-\${netX/mac:hexhyp} ||
iseq \${buildarch} arm64 && set arch arm64 || set arch amd64
chain --replace --autofree http://10.0.0.1:5248/ipxe.cfg-default-\${arch}
`,
  );
});

test("iPXE: kernel options it would act upon are refused by name", () => {
  for (const word of ["||", "&&", ";", "#x", "a=${net0/mac}"])
    assert.throws(
      () => ipxeScript({ decision: decision("install", { command_line: `ro ${word}` }), mac, rack }),
      (error: Error) => error.message.includes(`'${word}'`),
    );
});

test("GRUB: a machine that boots the ephemeral system, over TFTP and over HTTP", () => {
  const attempt = (
    device: string,
  ): string => `if linux ${device}/images/${kernel}/boot-kernel nomodeset root=squash:http://10.0.0.1:5248/images/${"c".repeat(64)}/squashfs ip=::::node1:BOOTIF:dhcp ip6=off 'cc:{datasource_list:' '[MAAS]}end_cc' 'cloud-config-url=http://10.0.0.1:5248/MAAS/metadata/latest/by-id/abcdef/?op=get_preseed' ro console=tty0 console=ttyS0,115200 BOOTIF=01-52-54-00-12-34-56; then
  if initrd ${device}/images/${initrd}/boot-initrd; then boot; fi
fi
`;
  const expected = (attempts: string): string => `set timeout=0
echo 'Rackwright: node1: the rule says so'
${attempts}echo 'Rackwright: the boot failed, restarting in 30 seconds'
sleep 30
reboot
`;
  const input = { decision: decision("install"), mac, rack };
  const both = expected(attempt("(http,10.0.0.1:5248)") + attempt("(tftp,10.0.0.1)"));
  assert.equal(grubScript(input, "tftp"), both);
  assert.equal(grubScript(input, "http"), expected(attempt("")));
  assert.match(grubScript({ ...input, mac: null }, "tftp"), / BOOTIF=01-\$\{net_default_mac\};/);
});

test("GRUB: local disk", () => {
  assert.equal(
    grubScript({ decision: decision("local"), mac, rack }, "tftp"),
    `set timeout=0
echo 'Rackwright: node1: the rule says so'
for file in /efi/boot/bootx64.efi /efi/debian/shimx64.efi /efi/ubuntu/shimx64.efi /efi/ubuntu/grubx64.efi /efi/Microsoft/Boot/bootmgfw.efi; do
  if search --no-floppy --set=root --file "$file"; then
    if chainloader "$file"; then boot; fi
  fi
done
if [ "\${shim_lock}" != y ]; then
  for file in /efi/centos/shimx64.efi /efi/redhat/shimx64.efi /efi/rocky/shimx64.efi /efi/almalinux/shimx64.efi /efi/suse/shim.efi /efi/ol/shim.efi; do
    if search --no-floppy --set=root --file "$file"; then
      if chainloader "$file"; then boot; fi
    fi
  done
fi
exit 1
`,
  );
  const arm = grubScript({ decision: decision("local", { architecture: "arm64" }), mac, rack }, "http");
  assert.match(arm, /^for file in \/efi\/boot\/bootaa64\.efi /m);
  assert.doesNotMatch(arm, /x64|shim_lock/);
});

test("GRUB: power off without an image, nothing to boot, the first configuration", () => {
  const off = grubScript({ decision: decision("poweroff", { kernel: null }), mac, rack }, "tftp");
  assert.equal(off, "set timeout=0\necho 'Rackwright: node1: the rule says so'\nhalt\n");
  assert.equal(
    grubScript({ decision: decision("none"), mac, rack }, "tftp"),
    `set timeout=0
echo 'Rackwright: node1: the rule says so'
echo 'Rackwright: there is nothing to boot now, restarting in 60 seconds'
sleep 60
reboot
`,
  );
  assert.equal(
    grubStart(),
    `set timeout=0
configfile /grub/grub.cfg-\${net_default_mac}
if [ "\${grub_cpu}" = arm64 ]; then
  configfile /grub/grub.cfg-default-arm64
else
  configfile /grub/grub.cfg-default-amd64
fi
`,
  );
});

test("no text of a decision can add a line or a command to a script (property)", () => {
  checkProperty(
    property(
      string(),
      string(),
      constantFrom<BootPurpose>("local", "none", "install", "poweroff"),
      (rule, hostname, purpose) => {
        const input = { decision: decision(purpose, { rule, hostname }), mac, rack };
        const plain = { decision: decision(purpose, { rule: "x", hostname: "x" }), mac, rack };
        for (const render of [ipxeScript, (each: typeof input) => grubScript(each, "tftp")]) {
          const [lines, expected] = [render(input).split("\n"), render(plain).split("\n")];
          assert.equal(lines.length, expected.length);
          const differing = lines.filter((line, n) => line !== expected[n]);
          assert.ok(
            differing.every((line) => /^echo '?Rackwright: [A-Za-z0-9 .,:/()_-]*'?$/.test(line)),
            differing.join(),
          );
        }
      },
    ),
  );
});

test("names of loaders and scripts in every spelling firmware uses", () => {
  const names: [string, ReturnType<typeof parseBootName>][] = [
    ["ipxe.cfg", { kind: "ipxe-start" }],
    ["ipxe.cfg-52:54:00:12:34:56", { kind: "ipxe", mac }],
    ["ipxe.cfg-52-54-00-12-34-56", { kind: "ipxe", mac }],
    ["ipxe.cfg-default-amd64", { kind: "ipxe", architecture: "amd64" }],
    ["ipxe.cfg-default-arm64-generic", { kind: "ipxe", architecture: "arm64" }],
    ["grub/grub.cfg", { kind: "grub-start" }],
    ["grub.cfg", { kind: "grub-start" }],
    ["EFI/debian/grub.cfg", { kind: "grub-start" }],
    ["grub/grub.cfg-52:54:00:12:34:56", { kind: "grub", mac }],
    ["grub/grub.cfg-01-52-54-00-12-34-56", { kind: "grub", mac }],
    ["grub/grub.cfg-default-x86_64", { kind: "grub", architecture: "amd64" }],
    ["grub/grub.cfg-default", { kind: "grub", architecture: "amd64" }],
    ["grub/grub.cfg-C0A80001", undefined],
    ["grub/grub.cfg-4c4c4544-0000-2010-8020-80c04f202020", undefined],
    ["grub/grub.cfg-default-ppc64el", undefined],
    ["BOOTX64.EFI", { kind: "loader", name: "bootx64.efi" }],
    ["images/bootx64.efi", { kind: "loader", name: "bootx64.efi" }],
    ["EFI/BOOT/grubx64.efi", { kind: "loader", name: "grubx64.efi" }],
    ["pxelinux.cfg/default", undefined],
    ["grub/x86_64-efi/command.lst", undefined],
    ["grub/x86_64-efi/http.mod", { kind: "loader", name: "http.mod" }],
    [`images/${kernel}/boot-kernel`, { kind: "image", sha256: kernel }],
    [`images/${kernel}/../boot-kernel`, undefined],
    [`images/${kernel.slice(1)}/boot-kernel`, undefined],
  ];
  for (const [path, expected] of names) assert.deepEqual(parseBootName(path), expected, path);
});
