import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listModule } from "./failures/sources.ts";
import { failuresPage } from "./failures/page.ts";

const folder = join(import.meta.dirname, "failures");
writeFileSync(join(folder, "all.ts"), listModule(readdirSync(folder)));
const { catalogue } = await import("./failures/all.ts");
writeFileSync(join(import.meta.dirname, "..", "docs", "reference", "failures.md"), failuresPage(catalogue));
