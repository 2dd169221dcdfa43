import assert from "node:assert/strict";
import { test } from "node:test";
import { array, asyncProperty, anything, assert as checkProperty, jsonValue, string, property } from "fast-check";
import { z } from "zod";
import { failureOf, LinkFailure, type LinkHandlers, LinkPeer, type LinkPeerOptions } from "./rack-peer.ts";
import { fetchAuthorization, fetchDigest, linkProofOf, sameDigest } from "./rack-proof.ts";

const methods = {
  add: { params: z.object({ a: z.int(), b: z.int() }), result: z.object({ sum: z.int() }) },
  never: { params: z.object({}), result: z.object({}) },
} as const;
type Options = LinkPeerOptions<typeof methods, typeof methods>;

/** Two peers whose frames reach each other at once. */
function pair(handlers: Partial<LinkHandlers<typeof methods>> = {}, more: Partial<Options> = {}) {
  const violations: string[] = [];
  const defects: unknown[] = [];
  const make = (send: (text: string) => void): LinkPeer<typeof methods, typeof methods> =>
    new LinkPeer({
      offered: methods,
      called: methods,
      handlers: {
        add: ({ a, b }) => Promise.resolve({ sum: a + b }),
        never: () => new Promise<never>(() => undefined),
        ...handlers,
      },
      send,
      violated: (reason) => violations.push(reason),
      defect: (_method, error) => defects.push(error),
      ...more,
    });
  const here: LinkPeer<typeof methods, typeof methods> = make((text) => there.receive(text));
  const there: LinkPeer<typeof methods, typeof methods> = make((text) => here.receive(text));
  return { here, there, violations, defects };
}
const codeOf = (error: unknown): string => failureOf(error)?.code ?? String(error);

test("calls go both ways and many at once", async () => {
  const { here, there } = pair();
  const sums = await Promise.all([here.call("add", { a: 1, b: 2 }), there.call("add", { a: 3, b: 4 })]);
  assert.deepEqual(sums, [{ sum: 3 }, { sum: 7 }]);
});

test("parameters and results that do not follow the contract are told, and are nobody's defect", async () => {
  const { here, defects } = pair({ add: () => Promise.resolve({ sum: 1.5 }) });
  await assert.rejects(here.call("add", { a: 1.5, b: 0 }), (error) => codeOf(error) === "link-message-invalid");
  await assert.rejects(here.call("add", { a: 1, b: 0 }), (error) => codeOf(error) === "link-message-invalid");
  assert.deepEqual(defects, []);
});

test("a failure of a handler arrives as it is, any other error is a defect without details", async () => {
  const told = { code: "bmc-auth", message: "wrong password", evidence: ["line"], next: "correct it" };
  const failing = pair({ add: () => Promise.reject(new LinkFailure(told)) });
  await assert.rejects(failing.here.call("add", { a: 1, b: 1 }), (error) => {
    assert.deepEqual(failureOf(error), told);
    return true;
  });
  const broken = pair({ add: () => Promise.reject(new Error("secret of the house")) });
  await assert.rejects(broken.here.call("add", { a: 1, b: 1 }), (error) => {
    assert.equal(codeOf(error), "link-handler-failed");
    assert.doesNotMatch(String(error), /secret/);
    return true;
  });
  assert.equal(broken.defects.length, 1);
});

test("unknown methods, also those every object has, are refused", async () => {
  const { here } = pair();
  for (const method of ["nothing", "constructor", "__proto__", "toString"])
    await assert.rejects(here.call(method as "add", { a: 1, b: 1 }), LinkFailure, method);
  const sent: string[] = [];
  const lone = pair({}, { send: (text) => sent.push(text) }).here;
  lone.receive(JSON.stringify({ id: 1, method: "constructor", params: {} }));
  await new Promise(setImmediate);
  assert.match(sent[0] ?? "", /link-method-unknown/);
});

test("a call without an answer fails after its time, its late answer is ignored", async () => {
  const { here, violations } = pair();
  await assert.rejects(here.call("never", {}, 20), (error) => codeOf(error) === "link-timeout");
  here.receive(JSON.stringify({ id: 1, result: {} }));
  assert.deepEqual(violations, []);
});

test("waiting and working requests are bounded", async () => {
  const limited = pair({}, { limits: { outgoing: 2 } });
  const waiting = [limited.here.call("never", {}, 20), limited.here.call("never", {}, 20)];
  await assert.rejects(limited.here.call("never", {}), (error) => codeOf(error) === "link-busy");
  await Promise.allSettled(waiting);
  const flooded = pair({}, { limits: { incoming: 2 } });
  for (let id = 0; id < 3; id++) flooded.here.receive(JSON.stringify({ id, method: "never", params: {} }));
  assert.deepEqual(flooded.violations, ["more than 2 requests at once"]);
});

test("closing fails every waiting call and later ones", async () => {
  const { here } = pair();
  const waiting = here.call("never", {});
  here.close();
  await assert.rejects(waiting, (error) => codeOf(error) === "link-lost");
  await assert.rejects(here.call("add", { a: 1, b: 1 }), (error) => codeOf(error) === "link-lost");
});

test("no frame makes a peer throw; what is no message is a violation (fuzz)", async () => {
  await checkProperty(
    asyncProperty(array(string()), array(jsonValue()), async (texts, values) => {
      const { here, violations } = pair({}, { send: () => undefined });
      for (const text of texts) here.receive(text);
      for (const value of values) here.receive(JSON.stringify({ id: 1, method: "add", params: value }));
      for (const value of values) here.receive(JSON.stringify(value) ?? "");
      await new Promise(setImmediate);
      assert.ok(violations.length >= texts.filter((text) => !text.includes("{")).length);
    }),
    { numRuns: 50 },
  );
});

test("anything thrown is looked at without harm (property)", () => {
  checkProperty(
    property(anything(), (value) => {
      assert.equal(typeof failureOf(value)?.code, failureOf(value) === undefined ? "undefined" : "string");
    }),
  );
});

test("proofs differ by side, name, values and secret, and digests compare only as whole digests", () => {
  const secret = Buffer.alloc(32, 7);
  const proof = linkProofOf(secret, "rack", "r1", "aa", "bb");
  const others = [
    linkProofOf(secret, "region", "r1", "aa", "bb"),
    linkProofOf(secret, "rack", "r2", "aa", "bb"),
    linkProofOf(secret, "rack", "r1", "bb", "aa"),
    linkProofOf(Buffer.alloc(32, 8), "rack", "r1", "aa", "bb"),
  ];
  for (const other of others) assert.equal(sameDigest(proof, other), false);
  assert.equal(sameDigest(proof, proof), true);
  assert.equal(sameDigest("", ""), false);
  assert.equal(sameDigest(proof, proof.slice(0, 10)), false);
  const at = new Date("2026-01-01T00:00:00Z");
  const header = fetchAuthorization(secret, "r1", at, "/x");
  assert.equal(header, `Rack r1:1767225600:${fetchDigest(secret, "r1", 1_767_225_600, "/x")}`);
});
