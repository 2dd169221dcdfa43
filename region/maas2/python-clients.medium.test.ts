import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { sshKey } from "./testing/ssh-key.ts";
import { testWorld } from "./testing/world.ts";

let world: Awaited<ReturnType<typeof testWorld>>;
before(async () => (world = await testWorld()));
after(() => world.close());

type Disk = { id: number; model: string | null; serial: string | null; size: number; partitions: { id: number }[] };
const gibibyte = 1024 ** 3;

/** A form as the Ansible collection writes it: Python's texts of values, a quoted boundary, no line break at the end. */
function python(form: Record<string, string | number | boolean>) {
  const word = (value: string | number | boolean) =>
    typeof value === "boolean" ? (value ? "True" : "False") : String(value);
  const parts = Object.entries(form).map(
    ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${word(value)}\r\n`,
  );
  return { type: 'multipart/form-data; boundary="b"', data: `${parts.join("")}--b--` };
}

/** A part as the command line writes it for `name@=file`. */
const fromFile = (field: string, data: Buffer | string) => [{ field, filename: field, data }];

describe("the Ansible collection", () => {
  const disk = (machine: string, form: Parameters<typeof python>[0]) =>
    world.make<Disk>("POST", `nodes/${machine}/blockdevices/`, { body: python(form) });

  test("compares the model and serial number of a disk that says neither with an empty text", async () => {
    const machine = await world.machine();
    const { id, model, serial } = await disk(machine, {
      name: "sdb",
      size: gibibyte,
      block_size: 512,
      id_path: "/dev/sdb",
    });
    assert.deepEqual([model, serial], ["", ""]);
    const listed = await world.make<Disk[]>("GET", `nodes/${machine}/blockdevices/`);
    const same = listed.find((one) => one.id === id);
    assert.deepEqual([same?.model, same?.serial], ["", ""]);
    const other = await disk(machine, { name: "sdc", size: gibibyte, block_size: 512, id_path: "/dev/sdc" });
    const form = { level: "raid-1", block_devices: [String(id), String(other.id)] };
    const raid = await world.make<{ virtual_device: Disk }>("POST", `nodes/${machine}/raids/`, { form });
    assert.deepEqual([raid.virtual_device.model, raid.virtual_device.serial], [null, null]);
  });

  test("says that a disk is smaller before it replaces the partitions that filled it", async () => {
    const machine = await world.machine();
    const made = await disk(machine, { name: "sdb", size: 40 * gibibyte, block_size: 512, id_path: "/dev/vdb" });
    const path = `nodes/${machine}/blockdevices/${made.id}`;
    await world.make("POST", `${path}/partitions/`, { body: python({ size: 10 * gibibyte, bootable: true }) });
    await world.make("POST", `${path}/partitions/`, { body: python({}) });
    const change = { size: 30 * gibibyte, block_size: 1024, model: "M", serial: "S" };
    const changed = await world.make<Disk>("PUT", `${path}/`, { body: python(change) });
    assert.equal(changed.size, 30 * gibibyte);
    const more = await world.ask("POST", `${path}/partitions/`, { body: python({ size: gibibyte }) });
    assert.equal(more.status, 400, "there is no room for more of them");
    for (const { id } of changed.partitions) {
      const deleted = await world.ask("DELETE", `${path}/partition/${id}`);
      assert.equal(deleted.status, 204, deleted.text);
    }
    await world.make("POST", `${path}/partitions/`, { body: python({ size: 20 * gibibyte, bootable: true }) });
  });
});

describe("the maas command line", () => {
  test("sends name@=FILE as a file, whatever the parameter", async () => {
    const key = await world.ask("POST", "account/prefs/sshkeys/", { files: fromFile("key", `${sshKey()}\n`) });
    assert.equal(key.status, 201, key.text);
    const comment = "of a file";
    const form = { name: world.fresh("tag") };
    const tag = await world.make("POST", "tags/", { form, files: fromFile("comment", comment) });
    assert.deepEqual(tag["comment"], comment);
    const both = await world.make("POST", "tags/", {
      form: { name: world.fresh("tag"), comment: "given" },
      files: fromFile("comment", comment),
    });
    assert.deepEqual(both["comment"], "given");
    const asked = { form: { name: world.fresh("tag") }, files: fromFile("comment", "a\0b") };
    assert.deepEqual((await world.ask("POST", "tags/", asked)).json(), {
      comment: ["Null characters are not allowed."],
    });
  });

  test("sends what is no text under the name of a parameter that is a file", async () => {
    const data = Buffer.from([0, 1, 2, 0xff]);
    const source = await world.make<{ keyring_data: string }>("POST", "boot-sources/", {
      form: { url: `http://images.example/${world.fresh()}` },
      files: fromFile("keyring_data", data),
    });
    assert.equal(source.keyring_data, data.toString("base64"));
  });

  test("prints why a machine cannot be set up like another one", async () => {
    const [source, destination] = [await world.machine(), await world.machine()];
    const card = { op: "create_physical", form: { mac_address: "02:00:00:00:03:01", name: "eth8" } };
    await world.make("POST", `nodes/${source}/interfaces/`, card);
    const form = { source, destinations: destination, interfaces: "true" };
    const { status, text } = await world.ask("POST", "machines/", { op: "clone", form });
    assert.equal(status, 400);
    assert.match(text, new RegExp(`"Machine ${destination}: interfaces: it has only 1 network cards, one for eth8`));
  });

  test("prints which of the scripts asked for there is not", async () => {
    const form = { testing_scripts: "none-such" };
    const path = `machines/${await world.machine()}/`;
    const { status, text } = await world.ask("POST", path, { op: "test", form });
    assert.equal(status, 400);
    assert.match(text, /must be names or tags of testing scripts.*'none-such' is none/);
  });

  test("may give names and values to what is gone, and is told that it is", async () => {
    type Handler = { name: string; actions: { name: string; doc: string }[] };
    const { handlers } = await world.make<{ handlers: Handler[] }>("GET", "describe/");
    const actions = handlers.find(({ name }) => name === "DHCPSnippetsHandler")?.actions ?? [];
    // Where an action takes nothing it says that its arguments are not known, and asks nobody.
    assert.match(actions.find(({ name }) => name === "create")?.doc ?? "", /:param/);
    const { status, text } = await world.ask("POST", "dhcp-snippets/", { form: { name: "x", value: "option y;" } });
    assert.deepEqual([status, /not supported/.test(text)], [410, true]);
  });
});
