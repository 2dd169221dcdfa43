import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { settings } from "../settings/settings.ts";
import { isStored, storedSettings } from "../settings/stored.ts";
import type { StoredSetting } from "../settings/value-types.ts";
import { mappedSettings } from "./config-names.ts";

test("the page about MAAS's settings names every one of them", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/reference/maas-settings.md"), "utf8");
  for (const name of [...Object.keys(storedSettings), ...Object.keys(mappedSettings)])
    assert.ok(page.includes(`\`${name}\``), `${name} is missing in docs/reference/maas-settings.md`);
});

test("no setting is both ours and only kept, and no kept one takes the row of one of ours", () => {
  assert.deepEqual(Object.keys(mappedSettings).filter(isStored), []);
  assert.deepEqual(Object.keys(settings.shape).filter(isStored), []);
});

test("every kept setting takes its own default back, but for lists and nothing at all", () => {
  for (const [name, setting] of Object.entries<StoredSetting>(storedSettings)) {
    const text = setting.fallback === null ? "" : String(setting.fallback);
    assert.deepEqual(setting.text.safeParse(text), { success: true, data: setting.fallback }, name);
  }
});
