import { describe, expect, test } from "vitest";
import { ipAddressBytes, isLoopbackAddress, isPublicAddress } from "../../src/outbound/public-address.js";

describe("isPublicAddress", () => {
  test.each([
    ["0.255.255.255", "1.0.0.0"],
    ["10.0.0.0", "9.255.255.255"],
    ["10.255.255.255", "11.0.0.0"],
    ["100.64.0.0", "100.63.255.255"],
    ["100.127.255.255", "100.128.0.0"],
    ["127.0.0.0", "126.255.255.255"],
    ["127.255.255.255", "128.0.0.0"],
    ["169.254.0.0", "169.253.255.255"],
    ["169.254.255.255", "169.255.0.0"],
    ["172.16.0.0", "172.15.255.255"],
    ["172.31.255.255", "172.32.0.0"],
    ["192.0.0.255", "192.0.1.0"],
    ["192.168.0.0", "192.167.255.255"],
    ["192.168.255.255", "192.169.0.0"],
    ["198.18.0.0", "198.17.255.255"],
    ["198.19.255.255", "198.20.0.0"],
    ["224.0.0.0", "223.255.255.255"],
    ["255.255.255.255", "8.8.8.8"],
    ["::", "2000::"],
    ["::1", "2606:4700:4700::1111"],
    ["::ffff:8.8.8.8", "2a00:1450:4001:80b::200e"],
    ["::ffff:7f00:1", "2001:200::"],
    ["64:ff9b::10.0.0.1", "64:ff9b::8.8.8.8"],
    ["64:ff9b:1::8.8.8.8", "2620:fe::fe"],
    ["100::1", "2400::1"],
    ["2001:0:5ef5:79fd::", "2001:4860:4860::8888"],
    ["2001:db8::1", "2001:db9::1"],
    ["2002:7f00:1::", "2003::"],
    ["3fff::1", "3ffe::1"],
    ["4000::", "3fff:1000::"],
    ["fc00::", "2600::1"],
    ["fdff:ffff::1", "2604::1"],
    ["fe80::1", "2605::1"],
    ["fec0::1", "2607::1"],
    ["ff02::1", "2608::1"],
  ])("refuses %s and takes %s", (refused, taken) => {
    expect(isPublicAddress(refused)).toBe(false);
    expect(isPublicAddress(taken)).toBe(true);
  });

  test.each([
    "",
    "issuer.example",
    "1.2.3",
    "1.2.3.256",
    "01.2.3.4.5",
    ":::",
    "1::2::3",
    "12345::",
    "g::",
    "1:2:3",
  ])("refuses %j, which is no address", (text) => {
    expect(isPublicAddress(text)).toBe(false);
    expect(ipAddressBytes(text)).toBeUndefined();
  });
});

describe("isLoopbackAddress", () => {
  test.each(["127.0.0.1", "127.255.255.255", "::1", "0:0:0:0:0:0:0:1"])("knows %s", (address) => {
    expect(isLoopbackAddress(address)).toBe(true);
  });

  test.each(["126.255.255.255", "128.0.0.0", "::", "::2", "::ffff:127.0.0.1", "localhost"])(
    "does not take %s for it",
    (address) => {
      expect(isLoopbackAddress(address)).toBe(false);
    },
  );
});
