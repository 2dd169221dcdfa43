import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseOAuthHeader, sameSecret, signedWith } from "./oauth.ts";

const fields = {
  oauth_version: "1.0",
  oauth_signature_method: "PLAINTEXT",
  oauth_consumer_key: "ck",
  oauth_token: "tk",
  oauth_signature: "&ts",
  oauth_nonce: "39183",
  oauth_timestamp: "1767323045",
};
const header = (entries: [string, string][]): string =>
  `OAuth ${entries.map(([name, value]) => `${name}="${encodeURIComponent(value)}"`).join(", ")}`;
const wanted = { consumerKey: "ck", token: "tk", signature: "&ts" };

describe("OAuth header", () => {
  it("reads what python3-oauthlib sends, as cloud-init does", () => {
    assert.deepEqual(
      parseOAuthHeader(
        'OAuth oauth_nonce="176209133185119463021767323045", oauth_timestamp="1767323045", oauth_version="1.0", ' +
          'oauth_signature_method="PLAINTEXT", oauth_consumer_key="ck", oauth_token="tk", oauth_signature="%26ts"',
      ),
      wanted,
    );
  });

  it("reads parameters in any order, with any blanks, with realm, quoted or not", () => {
    const entries = Object.entries(fields);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(entries, { minLength: entries.length }),
        fc.constantFrom(",", ", ", " ,\t", ",  "),
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom("OAuth ", "oauth ", "OAUTH\t  "),
        (order, comma, quoted, realm, scheme) => {
          const mark = quoted ? '"' : "";
          const parts = order.map(([name, value]) => `${name}=${mark}${encodeURIComponent(value)}${mark}`);
          if (realm) parts.unshift('realm="metadata, of a kind"');
          assert.deepEqual(parseOAuthHeader(scheme + parts.join(comma)), wanted);
        },
      ),
    );
  });

  it("refuses what is not PLAINTEXT OAuth 1.0", () => {
    const without = (name: string): string => header(Object.entries(fields).filter(([key]) => key !== name));
    const changed = (name: string, value: string): string => header(Object.entries({ ...fields, [name]: value }));
    for (const text of [
      undefined,
      "",
      "OAuth",
      "OAuth ",
      "Bearer abc",
      "OAuthoauth_token=x",
      without("oauth_token"),
      without("oauth_consumer_key"),
      without("oauth_signature"),
      without("oauth_signature_method"),
      changed("oauth_signature_method", "HMAC-SHA1"),
      changed("oauth_version", "2.0"),
      `${header(Object.entries(fields))}, oauth_token="other"`,
      `${header(Object.entries(fields))}, broken="%zz"`,
      `${header(Object.entries(fields))} trailing`,
      `${header(Object.entries(fields))}, pad="${"x".repeat(5000)}"`,
    ]) {
      assert.equal(parseOAuthHeader(text), null, text);
    }
  });

  it("survives anything", () => {
    const good = header(Object.entries(fields));
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        parseOAuthHeader(text);
        parseOAuthHeader(`OAuth ${text}`);
      }),
    );
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(3), (at, byte, remove) => {
        const parsed = parseOAuthHeader(good.slice(0, at) + String.fromCharCode(byte) + good.slice(at + remove));
        if (parsed !== null) assert.deepEqual(Object.keys(parsed), ["consumerKey", "token", "signature"]);
      }),
    );
  });

  it("takes time in proportion to the header's length", () => {
    for (const text of [
      `OAuth ${" ".repeat(4000)}`,
      `OAuth a="${'",='.repeat(1000)}`,
      `OAuth ${"a=b,".repeat(1000)}`,
    ]) {
      const started = performance.now();
      assert.equal(parseOAuthHeader(text), null);
      assert.ok(performance.now() - started < 200);
    }
  });
});

describe("signatures", () => {
  const credentials = { consumer_key: "ck", token_key: "tk", token_secret: "ts" };

  it("are an ampersand and the token's secret", () => {
    assert.equal(signedWith(wanted, credentials), true);
    for (const signature of ["", "&", "ts", "&t", "&tss", "&TS", "ck&ts"]) {
      assert.equal(signedWith({ ...wanted, signature }, credentials), false, signature);
    }
    assert.equal(signedWith({ ...wanted, consumerKey: "other" }, credentials), false);
    assert.equal(signedWith({ ...wanted, token: "other" }, credentials), false);
  });

  it("compare whole texts of any length", () => {
    assert.equal(sameSecret("", ""), true);
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => sameSecret(a, b) === (a === b)));
  });
});
