import assert from "node:assert/strict";
import { test } from "node:test";
import { bson } from "./bson.ts";

test("bytes of the specification's own example", () => {
  // {"hello": "world"}, bsonspec.org
  assert.equal(bson({ hello: "world" }).toString("hex"), "160000000268656c6c6f0006000000776f726c640000");
});

test("bytes, booleans and nulls", () => {
  const document = bson({ a: Buffer.from("xy"), b: null, c: true });
  assert.equal(document.readInt32LE(0), document.length);
  assert.equal(document.toString("hex"), "16000000056100020000000078790a62000863000100");
  assert.equal(bson({}).toString("hex"), "0500000000");
});
