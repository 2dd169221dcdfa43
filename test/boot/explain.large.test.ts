import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { bootExplanation, machine } from "@rackwright/contract";
import type { BootExplanation, ExplainedStage } from "@rackwright/contract";
import {
  bootProgramMessage,
  decodeMessage,
  encodeWholeMessage,
  printMessage,
  readAddressOption,
} from "@rackwright/dhcp";
import type { BootProgram, ChosenOffer } from "@rackwright/dhcp";
import { openDatabase } from "@rackwright/region";
import { z } from "zod";
import { writeImage } from "../wrong/images.ts";
import { openIncident } from "../wrong/incident.ts";
import type { Station } from "../wrong/station.ts";

const port = 15281;
const uuid = "4c4c4544-0042-3510-8056-b4c04f4a4d31";

/** What boots: the firmware's own words, and the programs of its chain that ask by DHCP. */
const programs = [
  { name: "bios", arch: "bios", client: "pxe", chain: ["pxe", "ipxe"] },
  { name: "uefi", arch: "x86_64-efi", client: "pxe", chain: ["pxe"] },
  { name: "ipxe", arch: "x86_64-efi", client: "ipxe", chain: ["ipxe"] },
] as const;
/** A stranger, and machines in the statuses that boot most differently. */
const situations = [
  { name: "stranger", status: null, purpose: "enlist", rule: "enlist" },
  { name: "commissioning", status: "commissioning", purpose: "commission", rule: "commission" },
  { name: "deployed", status: "deployed", purpose: "local", rule: "deployed" },
  { name: "failed", status: "failed commissioning", purpose: "poweroff", rule: "nothing-to-do" },
] as const;

const racks = z.object({ items: z.array(z.object({ name: z.string() })) });

await test("what is explained is what goes over the wire", { timeout: 240_000 }, async (t) => {
  await using incident = await openIncident({
    name: "explain",
    port,
    images: async (store) => void (await writeImage(store, "signed", "bootloader", { "grubx64.efi": "grub" })),
  });
  const { site } = incident;
  const { rackAddress } = site.lab;
  const { client } = site.controllers;
  const sockets = encodeURIComponent(join(site.state, "region", "postgres", "run"));
  const db = openDatabase({ url: `postgresql:///rackwright?host=${sockets}&user=rackwright` });
  const explain = (query: Record<string, string>): Promise<BootExplanation> =>
    client.get(`/api/v1/boot/explain?${new URLSearchParams(query).toString()}`, bootExplanation);

  /** Sends one DHCP message of the machine and gives the answer, whole. */
  const send = async (station: Station, program: BootProgram, chosen?: ChosenOffer): Promise<Buffer> => {
    const bytes = Buffer.from(encodeWholeMessage(bootProgramMessage(program, chosen))).toString("base64");
    const [answer] = await station.exchange([
      { kind: "udp", host: rackAddress, port: 67, from: 68, packets: [bytes], wait: 10_000 },
    ]);
    const [packet] = answer?.packets ?? [];
    assert.ok(packet, `no answer to the ${chosen === undefined ? "DISCOVER" : "REQUEST"} of ${program.program}`);
    return Buffer.from(packet, "base64");
  };
  const same = (wire: Buffer, told: { hex: string } | null | undefined): void => {
    const words = (bytes: Uint8Array): string => printMessage(decodeMessage(bytes));
    assert.equal(words(wire), words(Buffer.from(told?.hex ?? "", "hex")));
    assert.equal(wire.toString("hex"), told?.hex);
  };
  const checkDhcp = async (station: Station, stage: ExplainedStage, program: BootProgram): Promise<void> => {
    const { dhcp } = stage;
    assert.ok(dhcp?.address, JSON.stringify(dhcp));
    // An answer framed to the card's own address reaches a program only where the card has that address.
    execFileSync("ip", ["-n", station.namespace, "address", "replace", `${dhcp.address}/24`, "dev", "eth0"]);
    const offer = await send(station, program);
    same(offer, dhcp.offer);
    const told = decodeMessage(offer);
    const server = readAddressOption(told.options, 54) ?? "";
    same(await send(station, program, { address: told.yourAddress, server }), dhcp.answer);
  };
  const checkFiles = async (station: Station, stage: ExplainedStage): Promise<void> => {
    for (const file of stage.files) {
      assert.equal(file.problem, null, file.url);
      const { body } = await station.get(file.url);
      if (file.text !== null) assert.equal(body, file.text, file.url);
      assert.equal(createHash("sha256").update(body).digest("hex"), file.sha256, file.url);
      assert.equal(Buffer.byteLength(body), file.size, file.url);
    }
  };

  const snapshot = join(site.state, "rack", "dhcp", "dhcp.json");
  await site.until("the rack serves the subnet", 20, async () =>
    (await readFile(snapshot, "utf8")).includes('"dhcp":true') ? true : undefined,
  );
  let number = 0;
  for (const { name, status, purpose, rule } of situations) {
    const cards = programs.map((program) => ({ program, mac: `02:00:5e:00:09:0${(number += 1).toString(16)}` }));
    let id: string | undefined;
    if (status !== null) {
      ({ id } = await client.send("POST", "/api/v1/machines", { macs: cards.map(({ mac }) => mac) }, machine));
      await db.updateTable("machines").set({ status }).where("id", "=", id).execute();
    }
    for (const { program, mac } of cards)
      await t.test(`${name} machine, ${program.name}`, async () => {
        const told = await explain({ mac, arch: program.arch, client: program.client, uuid });
        assert.equal(told.problem, null);
        assert.equal(told.decision.purpose, purpose);
        assert.equal(told.machine?.id, id);
        assert.deepEqual(
          told.rules.filter(({ outcome }) => outcome === "won").map((each) => each.name),
          [rule],
        );
        const [first] = told.stages;
        assert.equal(first?.dhcp?.source, "region");
        const leases = z.object({ items: z.array(z.unknown()) });
        assert.deepEqual((await client.get(`/api/v1/leases?mac=${mac}`, leases)).items, [], "nothing is leased");
        assert.deepEqual(
          (await incident.allEvents()).filter((event) => event.mac === mac && event.actor !== "root@local"),
          [],
          "nothing is told",
        );
        const again = await explain({ mac, arch: program.arch, client: program.client, uuid });
        assert.deepEqual(again, told, "it is the same when asked again");

        const station = await incident.plug(
          `e${number}${program.name}`,
          mac,
          `10.77.0.${20 + Number.parseInt(mac.slice(-1), 16)}`,
        );
        const code = program.arch === "bios" ? 0 : 7;
        const asking = told.stages.filter(({ dhcp }) => dhcp !== null);
        assert.deepEqual(
          asking.map((stage) => stage.program),
          [...program.chain],
        );
        for (const stage of told.stages) {
          if (stage.program !== "grub" && stage.dhcp !== null)
            await checkDhcp(station, stage, { mac, uuid, program: stage.program, architectureCode: code });
          await checkFiles(station, stage);
        }
        const script = told.stages.at(-1)?.files.at(-1)?.text ?? "";
        const line = /^(?:kernel|if linux) \S+ (.*?)(?: \|\| goto again|; then)$/m.exec(script)?.[1] ?? null;
        assert.equal(line?.replaceAll("'", "") ?? null, told.command_line?.replaceAll("'", "") ?? null);
        assert.equal(told.command_line === null, purpose === "local");
        const held = await explain({ mac, arch: program.arch, client: program.client, uuid });
        assert.equal(held.stages[0]?.dhcp?.address, first?.dhcp?.address, "the address is kept");
        assert.equal(held.place?.why, "it saw the card last");
      });
  }

  await t.test("firmware nothing is served to gets an address and no file, and the reason", async () => {
    const told = await explain({ mac: "02:00:5e:00:09:f1", arch: "i386-efi" });
    assert.equal(told.failure?.code, "architecture-unsupported");
    assert.equal(told.stages[0]?.dhcp?.answer?.file, "");
    assert.equal(told.command_line, null);
  });

  await t.test("a relay's subnet nobody serves, a device and a rack that are not there", async () => {
    const relayed = await explain({ mac: "02:00:5e:00:09:f2", relay: "192.0.2.1" });
    assert.equal(relayed.stages[0]?.dhcp?.offer, null);
    assert.match(
      relayed.stages[0]?.dhcp?.problems.join() ?? "",
      /no subnet with DHCP is on its link.*relay 192\.0\.2\.1/,
    );
    const device = await explain({
      mac: "02:00:5e:00:09:f2",
      rack: (await client.get("/api/v1/racks", racks)).items[0]?.name ?? "",
      interface: "none0",
    });
    assert.equal(device.problem?.code, "rack-device-unknown");
    assert.equal(device.decision.purpose, "enlist", "the decision holds without the wire");
    await assert.rejects(explain({ mac: "02:00:5e:00:09:f2", rack: "nowhere" }), /There is no rack nowhere/);
  });
  await db.destroy();
});
