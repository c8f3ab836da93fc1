import { describe, expect, test } from "vitest";
import { keySetUrl } from "../../src/outbound/key-set-url.js";

describe("keySetUrl", () => {
  test.each([
    ["https://issuer.example", "https://issuer.example/.well-known/jwks.json"],
    ["https://issuer.example/", "https://issuer.example/.well-known/jwks.json"],
    ["https://issuer.example:8443/a/b", "https://issuer.example:8443/a/b/.well-known/jwks.json"],
  ])("is below the issuer %s", (issuer, url) => {
    expect(keySetUrl(issuer).href).toBe(url);
  });

  test.each(["http://localhost:4100", "http://127.0.0.1:4100", "http://127.8.8.8", "http://[::1]:4100"])(
    "may be %s when loopback is asked for, and not otherwise",
    (issuer) => {
      expect(keySetUrl(issuer, { allowInsecure: "loopback" }).protocol).toBe("http:");
      expect(() => keySetUrl(issuer)).toThrow("must be https");
      expect(() => keySetUrl(issuer, { allowInsecure: false })).toThrow("must be https");
    },
  );

  test.each([
    "http://issuer.example",
    "http://localhost.issuer.example",
    "http://127.0.0.1.issuer.example",
    "http://10.0.0.1",
    "http://[::ffff:127.0.0.1]",
    "ws://127.0.0.1",
    "file:///etc",
    "data:application/json,{}",
  ])("is never %s", (issuer) => {
    expect(() => keySetUrl(issuer, { allowInsecure: "loopback" })).toThrow("must be https");
  });

  test.each([
    "https://10.0.0.1",
    "https://169.254.169.254",
    "https://192.168.1.1:8443",
    "https://100.64.0.1",
    "https://[fd00::1]",
    "https://[fe80::1]",
    "https://[::ffff:10.0.0.1]",
    "https://0x0a000001",
    "https://167772161",
  ])("is not %s over https either, nor when loopback is asked for", (issuer) => {
    expect(() => keySetUrl(issuer)).toThrow("not public");
    expect(() => keySetUrl(issuer, { allowInsecure: "loopback" })).toThrow("not public");
  });

  test.each(["https://localhost", "https://127.0.0.1", "https://127.1", "https://[::1]"])(
    "is %s only when loopback is asked for",
    (issuer) => {
      expect(() => keySetUrl(issuer)).toThrow("not public");
      expect(keySetUrl(issuer, { allowInsecure: "loopback" }).protocol).toBe("https:");
    },
  );

  test.each(["https://localhost.", "https://a.localhost", "https://[::ffff:127.0.0.1]"])(
    "is %s never: this machine under a name that is not plainly its own",
    (issuer) => {
      expect(() => keySetUrl(issuer, { allowInsecure: "loopback" })).toThrow("not public");
    },
  );

  test.each([
    ["acme", "not an absolute URL"],
    ["https://", "not an absolute URL"],
    ["https://user:secret@issuer.example", "credentials"],
    ["https://issuer.example/?", "no query"],
    ["https://issuer.example/#a", "no query"],
  ])("refuses the issuer %s", (issuer, reason) => {
    expect(() => keySetUrl(issuer)).toThrow(reason);
  });

  test("refuses a jwksUrl that returns no absolute URL", () => {
    expect(() => keySetUrl("acme", { jwksUrl: (issuer) => `/${issuer}` })).toThrow("is not absolute");
  });

  test("holds what a jwksUrl returns to the same rules, and does not repeat it", () => {
    expect(() => keySetUrl("acme", { jwksUrl: () => "http://issuer.example/?secret" })).toThrow(
      /^(?!.*secret).*must be https/,
    );
  });
});
