import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { image, pageOf } from "@rackwright/contract";
import { z } from "zod";
import { writeImage } from "./images.ts";
import type { WrittenImage } from "./images.ts";
import { openIncident } from "./incident.ts";

const kernel = Buffer.from("a kernel that was whole ".repeat(20_000));
const damaged = Buffer.from(kernel);
damaged[300_000] = 0;

await test("a file of an image is damaged on the region's disk", { timeout: 90_000 }, async (t) => {
  const written: { image?: WrittenImage } = {};
  await using incident = await openIncident({
    name: "damaged",
    port: 15261,
    images: async (store) => {
      written.image = await writeImage(store, "other-system", "ephemeral", { "boot-kernel": kernel });
      await writeFile(written.image.files.get("boot-kernel")?.path ?? "", damaged);
    },
  });
  const { site } = incident;
  const file = written.image?.files.get("boot-kernel");
  assert.ok(file && written.image);
  const url = `${incident.http}/images/${file.sha256}/boot-kernel`;
  const station = await incident.plug("reader", "02:00:5e:00:02:01", "10.77.0.20");

  await t.test("the rack refuses it, removes it and says so", async () => {
    const told = await incident.event("image.problem", "the rack complains", (event) => event.failure !== null);
    assert.equal(told.level, "error");
    assert.equal(told.failure?.code, "image-hash-mismatch");
    assert.match(
      told.failure?.message ?? "",
      new RegExp(`${file.sha256} has the SHA-256 [0-9a-f]{64}; it was removed`),
    );
    assert.match(told.failure?.next ?? "", /build it again if it is damaged/);
    assert.notEqual(told.rack, null);
  });

  await t.test("a machine that asks for it gets a 503 and not a byte of it", async () => {
    const { status, body } = await station.get(url, "-D", "-");
    assert.equal(status, 503);
    assert.match(body, /the rack cannot fetch this image now/);
    assert.match(body, /retry-after: 10/i);
    assert.ok(!body.includes("a kernel that was whole"));
    const told = await incident.event(
      "http.failed",
      "the refusal is in the stream",
      (event) => event.data["status"] === 503,
    );
    assert.match(told.message, /boot-kernel: cannot be had now: .*has the SHA-256/);
  });

  await t.test("the region names the damaged file when asked to verify, and the others stay", async () => {
    const { problems } = await site.controllers.client.send(
      "POST",
      "/api/v1/images/sync",
      { verify: true },
      z.object({ problems: z.array(z.object({ code: z.string(), message: z.string(), next: z.string() })) }),
    );
    assert.deepEqual(
      problems.map(({ code }) => code),
      ["image-incomplete"],
    );
    assert.match(problems[0]?.message ?? "", /Image other-system cannot be used: boot-kernel: the file .* is damaged/);
    const { items } = await site.controllers.client.get("/api/v1/images", pageOf(image));
    assert.deepEqual(items.map(({ name }) => name).sort(), ["bootloaders", "ephemeral-debian-12"]);
  });

  await t.test("once the file is whole again it is served, without a restart", async () => {
    await writeFile(file.path, kernel);
    await site.controllers.client.send("POST", "/api/v1/images/sync", { verify: true }, z.unknown());
    const got = await site.until("the rack serves it", 20, async () => {
      const answer = await station.get(url);
      return answer.status === 200 ? answer : undefined;
    });
    assert.equal(got.body, kernel.toString());
    await incident.sameProcesses();
  });

  await t.test(
    "manifests that are cut short, lie about a size or name a file that is not there are each told",
    async () => {
      const manifests = join(incident.store, "manifests");
      const good: unknown = JSON.parse(await readFile(join(manifests, "other-system.json"), "utf8"));
      assert.ok(typeof good === "object");
      await writeFile(join(manifests, "cut.json"), '{"name":"cut","kind":');
      const missing = await writeImage(incident.store, "gone", "deployable", { squashfs: "soon gone" });
      await rm(missing.files.get("squashfs")?.path ?? "");
      const longer = await writeImage(incident.store, "longer", "deployable", { squashfs: "short" });
      await writeFile(longer.files.get("squashfs")?.path ?? "", "short no more");
      const expected = [
        { code: "image-manifest-invalid", says: /cut\.json cannot be used: .*JSON/ },
        { code: "image-incomplete", says: /Image gone cannot be used: squashfs: the file [0-9a-f]{64} is missing/ },
        { code: "image-incomplete", says: /Image longer cannot be used: squashfs: the file \w+ has 13 bytes, not 5/ },
      ];
      for (const { code, says } of expected) {
        const told = await incident.event("image.problem", String(says), ({ message }) => says.test(message));
        assert.equal(told.failure?.code, code);
        assert.equal(told.actor, "region");
      }
      assert.equal((await station.get(url)).status, 200, "what was good is served");
    },
  );
});
