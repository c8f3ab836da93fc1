import { describe, expect, test } from "vitest";
import { guardedUrl, isAllowedAddress } from "../../src/outbound/address-rules.js";

const PRIVATE = ["10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "fd00::1"];
const NEVER = [
  "169.254.169.254",
  "127.0.0.1",
  "0.0.0.0",
  "224.0.0.1",
  "::1",
  "fe80::1",
  "::ffff:10.0.0.1",
  "name",
];

describe("isAllowedAddress", () => {
  test.each(PRIVATE)("allows %s where a private network is allowed, and not otherwise", (address) => {
    expect(isAllowedAddress(address, { allowPrivateNetwork: true })).toBe(true);
    expect(isAllowedAddress(address, { allowPrivateNetwork: false })).toBe(false);
    expect(isAllowedAddress(address, { allowInsecure: "loopback" })).toBe(false);
  });

  test.each(NEVER)("does not take %s for a private network", (address) => {
    expect(isAllowedAddress(address, { allowPrivateNetwork: true })).toBe(false);
  });
});

describe("guardedUrl", () => {
  test("allows an address of a private network over https, and never over http", () => {
    const rules = { allowPrivateNetwork: true };
    expect(guardedUrl("https://10.0.0.1/keys", "URL", rules).href).toBe("https://10.0.0.1/keys");
    expect(() => guardedUrl("http://10.0.0.1/keys", "URL", rules)).toThrow("the URL must be https");
    expect(() => guardedUrl("https://169.254.169.254/", "URL", rules)).toThrow("not public");
    expect(() => guardedUrl("https://127.0.0.1/", "URL", rules)).toThrow("not public");
  });

  test("names what is wrong by the words that it is given", () => {
    expect(() => guardedUrl("nowhere", "jwks_uri", {})).toThrow("the jwks_uri is not absolute");
    expect(() => guardedUrl("https://a:b@c.example", "jwks_uri", {})).toThrow("must not hold credentials");
  });
});
