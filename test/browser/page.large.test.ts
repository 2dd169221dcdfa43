import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";
import { apiClient } from "@rackwright/cli";
import { machineDetail, oidcProvider, user } from "@rackwright/contract";
import { json } from "../../region/database/pool.ts";
import { testInventory, testMachine } from "../../region/machines/testing.ts";
import { openPageSite } from "./site.ts";

const skip = existsSync("/usr/bin/chromium") ? false : "chromium is not installed";
const password = "correct horse";

await test("the page in a browser", { skip, timeout: 180_000 }, async (t) => {
  await using site = await openPageSite();
  const { page, region, db } = site;
  const api = apiClient({ socket: region.adminSocket });
  await api.send("POST", "/api/v1/users", { username: "ada", password, administrator: true }, user);
  const power_parameters = { power_address: "192.0.2.7", power_user: "u", power_pass: "p" };
  const body = { hostname: "fresh", macs: ["52:54:00:00:00:01"], power_driver: "ipmi", power_parameters };
  await api.send("POST", "/api/v1/machines", body, machineDetail);
  const ready = await testMachine(db, { status: "ready", hostname: "spare", firmware: "uefi" });
  const inventory = json(testInventory(ready.mac));
  await db.updateTable("machines").set({ inventory }).where("id", "=", ready.id).execute();
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  const title = page.getByRole("heading", { level: 1 });
  const chip = page.locator("main .bar > .chip");
  const becomes = (status: string) => chip.filter({ hasText: new RegExp(`^${status}$`) }).waitFor();

  await t.test(
    "providers to log in by are offered; one that does not answer is told on a page that leads back",
    async () => {
      const provider = { name: "site", title: "Our Site", issuer: "http://127.0.0.1:9", client_id: "rackwright" };
      await api.send("POST", "/api/v1/oidc-providers", provider, oidcProvider);
      await page.goto(site.url);
      await page.getByRole("link", { name: "Sign in with Our Site" }).click();
      await page.getByRole("alert").filter({ hasText: "The OpenID Connect provider site cannot be asked" }).waitFor();
      await page.getByRole("link", { name: "Back to the log-in page" }).click();
      await page.getByLabel("User name").waitFor();
    },
  );

  await t.test("a wrong password is refused in words, the right one shows the machines", async () => {
    await page.goto(site.url);
    await page.getByLabel("User name").fill("ada");
    await page.getByLabel("Password").fill("wrong horse");
    await button("Sign in").click();
    await page
      .getByRole("alert")
      .filter({ hasText: /password/i })
      .waitFor();
    await page.getByLabel("Password").fill(password);
    await button("Sign in").click();
    await page.getByRole("link", { name: "fresh" }).waitFor();
    await page.getByRole("status").filter({ hasText: "live" }).waitFor();
    assert.deepEqual(await page.locator("tbody tr td:nth-child(2)").allTextContents(), ["New", "Ready"]);
    // The browser itself reports what was refused: no session yet, the provider, and the wrong password.
    assert.equal(site.complaints.filter((line) => !/status of (401|503)/.test(line)).join("\n"), "");
  });

  await t.test("Commission switches a new machine on, which shows without a reload, and Abort ends it", async () => {
    await page.getByRole("link", { name: "fresh" }).click();
    await title.filter({ hasText: "fresh" }).waitFor();
    await button("Commission").click();
    await becomes("Commissioning");
    await page
      .locator(".timeline")
      .getByText(/^power \w+ done, fresh is on$/)
      .waitFor();
    await page.getByText("waits for the machine to ask for an address (DHCP) and boot over the network").waitFor();
    await button("Abort").click();
    await becomes("New");
    await button("Commission").waitFor();
  });

  await t.test("Allocate and Deploy take a ready machine to Deploying", async () => {
    await page.getByRole("link", { name: "← Machines" }).click();
    await page.getByRole("searchbox").fill("spare");
    await page.getByRole("link", { name: "spare" }).click();
    await becomes("Ready");
    await button("Allocate").click();
    await becomes("Allocated");
    assert.equal(
      await page.locator("dt", { hasText: "Owner" }).locator("xpath=following-sibling::dd").textContent(),
      "ada",
    );
    await button("Deploy …").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("combobox", { name: "Image" }).selectOption("debian-12");
    await dialog.getByRole("button", { name: "Deploy", exact: true }).click();
    await becomes("Deploying");
    await page
      .locator(".timeline")
      .getByText(/^power \w+ done, spare is on$/)
      .waitFor();
    const detail = await api.get(`/api/v1/machines/${ready.id}`, machineDetail);
    assert.deepEqual([detail.status, detail.owner, detail.image], ["deploying", "ada", "debian-12"]);
  });

  await t.test("Lock holds everything else back, and the page says why", async () => {
    await button("Lock").click();
    await button("Unlock").waitFor();
    assert.equal(await button("Abort").count(), 0);
    await page.getByText("What cannot be asked now, and why").click();
    await page
      .locator("dt", { hasText: /^Abort$/ })
      .locator("xpath=following-sibling::dd")
      .getByText("unlock")
      .waitFor();
    await button("Unlock").click();
    await button("Abort").waitFor();
  });

  await t.test("what somebody else does is seen at once, in the list too", async () => {
    await api.send("POST", `/api/v1/machines/${ready.id}/abort`, {}, machineDetail);
    await becomes("Allocated");
    await page.getByRole("link", { name: "← Machines" }).click();
    const row = page.getByRole("row").filter({ hasText: "spare" });
    await row.getByText("Allocated").waitFor();
    await api.send("POST", `/api/v1/machines/${ready.id}/release`, {}, machineDetail);
    await row.getByText("Ready", { exact: true }).waitFor();
  });

  await t.test("Mark broken asks why, which everybody sees then; Mark fixed takes it back", async () => {
    await page.getByRole("link", { name: "spare" }).click();
    await button("Mark broken …").click();
    await page.getByRole("dialog").getByLabel("Why, for the events").fill("its fan is loud");
    await page.getByRole("dialog").getByRole("button", { name: "Mark broken", exact: true }).click();
    await becomes("Broken");
    await page.locator("section.failure").getByText("ada marked it broken: its fan is loud.").waitFor();
    await button("Mark fixed").click();
    await becomes("Ready");
  });

  await t.test("Release takes the disks' fate along", async () => {
    await button("Allocate").click();
    await becomes("Allocated");
    await button("Release …").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("combobox", { name: "Disks" }).selectOption("quick");
    await dialog.getByRole("button", { name: "Release", exact: true }).click();
    await becomes("Disk erasing");
    await button("Abort").click();
    await becomes("Failed disk erasing");
  });

  await t.test("results of scripts are there with what they wrote", async () => {
    await page.getByText("wipe-disks").first().waitFor();
    await page.locator("details.result").first().locator("summary").click();
    await page.locator("details.result pre").getByText("(it wrote nothing)").waitFor();
  });

  await t.test("the events of the whole site name the machines, and go on by themselves", async () => {
    await page.getByRole("link", { name: "Events", exact: true }).click();
    await page.getByRole("searchbox").fill("marked");
    await api.send("POST", `/api/v1/machines/${ready.id}/mark_broken`, { comment: "rust" }, machineDetail);
    await page.locator(".timeline li").filter({ hasText: "rust" }).getByRole("link", { name: "spare" }).waitFor();
    await page.getByRole("link", { name: "Machines", exact: true }).click();
    await page.getByRole("button", { name: "1 broken" }).click();
    assert.deepEqual(await page.locator("tbody tr td:first-child").allTextContents(), ["spare"]);
  });

  await t.test("the reference of the API is searched, opened and linked to", async () => {
    await page.goto(`${site.url}reference`);
    await page
      .getByRole("status")
      .filter({ hasText: /^\d{3} operations$/ })
      .waitFor();
    await page.getByRole("searchbox").fill("commission patch");
    await page.getByText("Nothing has these words.").waitFor();
    await page.getByRole("searchbox").fill("machines user_data");
    const deploy = page.locator("#post_machines_id_deploy");
    await deploy.locator("summary").first().click();
    await deploy.getByText("cloud-init user data for the installed system").waitFor();
    await deploy.getByText("Idempotency-Key", { exact: true }).waitFor();
    await deploy.getByRole("link", { name: "Link to this" }).click();
    await page.reload();
    await deploy
      .getByRole("heading", { name: /^Answer 200/ })
      .first()
      .waitFor();
    await page.goto(site.url);
    await page.getByRole("link", { name: "spare" }).waitFor();
  });

  await t.test(
    "signed out, the page shows nothing, also after a reload, and nothing went wrong in the browser",
    async () => {
      await button("Sign out").click();
      await page.getByLabel("User name").waitFor();
      await page.reload();
      await page.getByLabel("User name").waitFor();
      assert.equal(await page.getByText("spare").count(), 0);
      assert.equal(site.complaints.filter((line) => !/status of (401|503)/.test(line)).join("\n"), "");
    },
  );
});
