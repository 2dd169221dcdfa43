import { json } from "node:stream/consumers";
import { z } from "zod";
import { answers, carryOut, exchange } from "./exchange.ts";

// Runs inside a station's namespace: questions on standard input, answers on standard output. Eight at a time.
const jobs = z.array(exchange).parse(await json(process.stdin));
const done: z.infer<typeof answers> = [];
const lanes = Array.from({ length: 8 }, async (_, lane) => {
  for (let at = lane; at < jobs.length; at += 8) {
    const job = jobs[at];
    if (job !== undefined) done[at] = await carryOut(job);
  }
});
await Promise.all(lanes);
process.stdout.write(JSON.stringify(done));
