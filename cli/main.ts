import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

// Stripping types and compiling took half of the time of a short command. Others must not be able to write there, as
// they are in the folder for temporary files that Node would choose; where we cannot, nothing is kept.
const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
enableCompileCache(join(cache, "rackwright"));
await import("./run.ts");
