import assert from "node:assert/strict";
import { test } from "node:test";
import { fillIn } from "./message.ts";

test("names in a message are filled in, and those the context does not have are told", () => {
  assert.deepEqual(fillIn("{a} of {b}: {{c}}", { a: 1, b: "two" }), { text: "1 of two: {c}", missing: [] });
  assert.deepEqual(fillIn("{a} {toString}", { a: "{b}" }), { text: "{b} {toString}", missing: ["toString"] });
  assert.deepEqual(fillIn("50 % } {", {}), { text: "50 % } {", missing: [] });
});
