import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { blameMemory, programFailure, realWorld, type World } from "@rackwright/agent";
import { storageFailed } from "@rackwright/contract";
import { blobPath, readManifest } from "@rackwright/images";
import { initramfs } from "./cpio.ts";

const run = promisify(execFile);
const store = join(process.env["RACKWRIGHT_CACHE"] ?? "/var/cache/rackwright", "images");

/** What the machine does: it lets a program eat all memory, and says how that ended and what the kernel has to say. */
const life = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
exec >/dev/ttyS0 2>&1
/bin/busybox tail /dev/zero
echo "RW status $?"
/bin/busybox dmesg
echo "RW end"
/bin/busybox poweroff -f
`;

/** BusyBox of this host with the libraries it needs, for an initramfs. */
async function busybox() {
  const program = await realpath("/usr/bin/busybox").catch(() => "/bin/busybox");
  const { stdout } = await run("ldd", [program]).catch(() => ({ stdout: "" }));
  const libraries = [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path ?? "");
  const files = [{ from: program, to: "bin/busybox" }, ...libraries.map((path) => ({ from: path, to: path.slice(1) }))];
  return Promise.all(files.map(async ({ from, to }) => ({ path: to, mode: 0o100755, content: await readFile(from) })));
}

await test(
  "the kernel kills a program for want of memory, and the agent names the cause",
  { timeout: 120_000 },
  async () => {
    const manifest = await readManifest(store, "ephemeral-debian-12");
    const kernel = manifest?.files.find(({ role }) => role === "boot-kernel");
    assert.ok(kernel, "the images are built: rackwright images build");
    const folder = await mkdtemp(join(tmpdir(), "rackwright-memory-"));
    try {
      const initrd = join(folder, "initrd");
      const init = { path: "init", mode: 0o100755, content: Buffer.from(life) };
      await writeFile(initrd, initramfs([init, ...(await busybox())]));
      const machine = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-m", "160", "-smp", "1"];
      const boot = ["-kernel", blobPath(store, kernel.sha256), "-initrd", initrd, "-serial", "stdio"];
      const append = ["-append", "console=ttyS0 quiet panic=-1"];
      const { stdout } = await run("qemu-system-x86_64", [...machine, ...boot, ...append], { timeout: 110_000 });
      const status = Number(/RW status (\d+)/.exec(stdout)?.[1]);
      assert.equal(status, 137, stdout.slice(-2000));
      const log = stdout.slice(stdout.indexOf("RW status"), stdout.indexOf("RW end"));

      // The agent on such a machine: its kernel's log is what that kernel really said.
      const world: World = {
        ...realWorld(),
        run: async (argv) => {
          assert.deepEqual(argv, ["dmesg"]);
          return { status: 0, output: log, error: "", seconds: 0, timedOut: false };
        },
      };
      const result = { status, output: "", error: "", seconds: 1, timedOut: false };
      const ended = programFailure(storageFailed, "Making a filesystem", ["mkfs.ext4", "/dev/vda1"], result).failure;
      const told = await blameMemory(world, ended);
      assert.equal(told.code, "out-of-memory");
      assert.match(
        told.message,
        /^The machine ran out of memory\. Making a filesystem: mkfs\.ext4 ended with status 137\.$/,
      );
      assert.match(told.evidence.join("\n"), /Out of memory: Killed process \d+ \(busybox\)/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
