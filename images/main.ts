import { parseArgs } from "node:util";
import { ImageBuildError, buildImages, hostRunner } from "./index.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    store: { type: "string", default: "/var/cache/rackwright/images" },
    cache: { type: "string", default: "/var/cache/rackwright/build" },
    node: { type: "string", default: process.execPath },
    agent: { type: "string", default: "/dev/null" },
    mirror: { type: "string" },
    force: { type: "boolean", default: false },
  },
});
const stop = new AbortController();
process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());

try {
  const manifests = await buildImages({
    ...(positionals.length > 0 ? { names: positionals } : {}),
    ...(values.mirror === undefined ? {} : { mirror: values.mirror }),
    store: values.store,
    cache: values.cache,
    architecture: "amd64",
    run: hostRunner(process.env),
    agent: { bundle: values.agent },
    node: values.node,
    force: values.force,
    signal: stop.signal,
    progress: ({ image, percent, message }) =>
      process.stderr.write(`${image}: ${percent === undefined ? "" : `${percent}% `}${message}\n`),
  });
  for (const { name, files } of manifests) {
    for (const file of files) process.stdout.write(`${name} ${file.role} ${file.size} ${file.sha256}\n`);
  }
} catch (error) {
  if (!(error instanceof ImageBuildError)) throw error;
  const { message, evidence, next } = error.failure;
  process.stderr.write(`${[message, ...evidence.map((line) => `  ${line}`), next].join("\n")}\n`);
  process.exitCode = 1;
}
