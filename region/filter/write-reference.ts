import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { lists } from "./lists.ts";
import { fieldsPage } from "./reference.ts";

writeFileSync(join(import.meta.dirname, "../../docs/reference/list-fields.md"), fieldsPage(lists));
