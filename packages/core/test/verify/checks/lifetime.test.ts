import { describe, expect, test } from "vitest";
import { KeyPair } from "../../../src/keys/key-pair.js";
import { lifetime } from "../../../src/verify/checks/lifetime.js";
import { NOW } from "../../support/attested.js";
import { refusing, runCheck } from "../../support/context.js";
import { forge, HEADER, PAYLOAD } from "../../support/forge.js";

const keyPair = KeyPair.generate("key-1");
const token = (times: object): string => forge(keyPair, HEADER, { ...PAYLOAD, ...times });
const living = token({ iat: NOW, exp: NOW + 300 });

describe("lifetime", () => {
  test("passes a token until exp plus the skew, and refuses it, 1001, from then on", async () => {
    const check = lifetime();
    await runCheck(check, living, { now: NOW + 329.999 });
    await expect(runCheck(check, living, { now: NOW + 330 })).rejects.toEqual(refusing(1001));
  });

  test("passes a token from iat less the skew, and refuses it, 1002, before", async () => {
    const check = lifetime();
    await runCheck(check, living, { now: NOW - 30 });
    await expect(runCheck(check, living, { now: NOW - 30.001 })).rejects.toEqual(refusing(1002));
  });

  test("passes a token from nbf less the skew, and refuses it, 1002, before", async () => {
    const check = lifetime();
    const waiting = token({ nbf: NOW + 100 });
    await runCheck(check, waiting, { now: NOW + 70 });
    await expect(runCheck(check, waiting, { now: NOW + 69.999 })).rejects.toEqual(refusing(1002));
  });

  test("passes a token of the longest life, and refuses one longer, 1008", async () => {
    await runCheck(lifetime({ maxLifetimeSeconds: 300 }), living);
    await expect(runCheck(lifetime({ maxLifetimeSeconds: 299.999 }), living)).rejects.toEqual(refusing(1008));
  });

  test("takes 900 seconds of life by default", async () => {
    const longest = token({ iat: NOW, exp: NOW + 900 });
    await runCheck(lifetime(), longest, { now: NOW + 929.999 });
    await expect(runCheck(lifetime(), longest, { now: NOW + 930 })).rejects.toEqual(refusing(1001));
    await expect(runCheck(lifetime(), token({ exp: NOW + 901 }))).rejects.toEqual(refusing(1008));
  });

  test("takes no skew at all when told so", async () => {
    const at = (now: number) => runCheck(lifetime(), living, { now, clockSkewSeconds: 0 });
    await at(NOW);
    await at(NOW + 299.999);
    await expect(at(NOW + 300)).rejects.toEqual(refusing(1001));
    await expect(at(NOW - 0.001)).rejects.toEqual(refusing(1002));
  });

  test("refuses every token when the clock gives no number", async () => {
    await expect(runCheck(lifetime(), living, { now: Number.NaN })).rejects.toEqual(refusing(1001));
  });

  test.each([
    ["lives 300 seconds; at most 299 are accepted", 1008, {}, NOW],
    [`expired at ${NOW + 100}, and it is ${NOW + 200}`, 1001, { exp: NOW + 100 }, NOW + 200],
    [`valid from ${NOW}, and it is ${NOW - 50}`, 1002, { exp: NOW + 100 }, NOW - 50],
    [`valid from ${NOW}, and it is ${NOW - 50}`, 1002, { exp: NOW + 100, nbf: NOW - 10 }, NOW - 50],
    [`valid from ${NOW + 50}, and it is ${NOW}`, 1002, { exp: NOW + 100, nbf: NOW + 50 }, NOW],
  ])("says that a token %s", async (detail, code, times, now) => {
    const check = lifetime({ maxLifetimeSeconds: 299 });
    await expect(runCheck(check, token(times), { now })).rejects.toEqual(refusing(code, detail));
  });

  test.each([
    ["maxLifetimeSeconds", 0],
    ["maxLifetimeSeconds", Number.POSITIVE_INFINITY],
  ])("names the option %s when it is %s", (option, value) => {
    expect(() => lifetime({ [option]: value })).toThrow(RangeError);
    expect(() => lifetime({ [option]: value })).toThrow(option);
  });

  test.each(["clockSkewSeconds", "audience"])("refuses %s, which it does not read", (option) => {
    expect(() => lifetime({ [option]: 1 })).toThrow(`lifetime: unknown option "${option}"`);
  });
});
