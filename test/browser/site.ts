import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buildWeb } from "@rackwright/cli";
import { chromium } from "playwright-core";
import type { Page } from "playwright-core";
import { testDatabase } from "../../region/database/testing.ts";
import type { Database } from "../../region/database/pool.ts";
import { noLog } from "../../region/log.ts";
import { startRegion } from "../../region/region.ts";
import type { Region } from "../../region/region.ts";
import { writeImage, writeSmallImages } from "../wrong/images.ts";

const home = dirname(dirname(import.meta.dirname));

/** A region with its page in a real browser, and BMCs that obey at once. */
export interface PageSite extends AsyncDisposable {
  readonly db: Database;
  readonly region: Region;
  readonly url: string;
  readonly page: Page;
  /** What the browser complained of: errors of scripts, refused resources, breaches of the content security policy. */
  readonly complaints: readonly string[];
}

/** Starts region and browser; both end with the returned site. */
export async function openPageSite(): Promise<PageSite> {
  const stack = new AsyncDisposableStack();
  try {
    const { db, url: database, close } = await testDatabase();
    stack.defer(close);
    const state = await mkdtemp(join(tmpdir(), "rw-page-"));
    stack.defer(() => rm(state, { recursive: true, force: true }));
    await chmod(state, 0o755);
    const images = join(state, "images");
    await writeSmallImages(images);
    const deployable = { squashfs: "root" };
    await writeImage(images, "debian-12", "deployable", deployable);
    const region = await startRegion({
      state,
      database,
      images,
      port: 0,
      listen: "127.0.0.1",
      web: await buildWeb(home),
      agent: "none",
      log: noLog,
      power: { perform: ({ action }) => Promise.resolve({ state: action === "off" ? "off" : "on" }) },
    });
    stack.defer(() => region.stop());
    const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
    stack.defer(() => browser.close());
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    return {
      db,
      region,
      url: `http://127.0.0.1:${region.port}/`,
      page,
      complaints,
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
