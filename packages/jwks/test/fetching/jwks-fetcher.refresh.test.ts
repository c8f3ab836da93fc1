import { KeyPair } from "@attest/core";
import { FixedClock } from "@attest/core/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { JWKSFetcher } from "../../src/fetching/jwks-fetcher.js";
import { json, startIssuer, status } from "../support/issuer-server.js";
import { causeOfUnavailable } from "../support/unavailable.js";

const before = KeyPair.generate("key-1");
const after = KeyPair.generate("key-1");

async function startRestarting() {
  const server = await startIssuer(json({ keys: [before.toJwk()] }));
  const clock = new FixedClock();
  const fetcher = new JWKSFetcher({ allowInsecure: "loopback", retry: { maxRetries: 0 }, clock });
  onTestFinished(() => fetcher.close());
  await fetcher.getKey(server.issuer, "key-1");
  return { server, clock, fetcher };
}

describe("JWKSFetcher.refresh", () => {
  test("finds a new key under the old kid, which getKey then gives too", async () => {
    const { server, fetcher } = await startRestarting();
    server.answer = json({ keys: [after.toJwk()] });
    const found = await fetcher.refresh(server.issuer, "key-1");
    expect(found?.toJwk("key-1")).toEqual(after.toJwk());
    expect(await fetcher.getKey(server.issuer, "key-1")).toBe(found);
    expect(server.requests).toHaveLength(2);
  });

  test("asks the issuer once per cooldown, however many signatures fail", async () => {
    const { server, clock, fetcher } = await startRestarting();
    const known = await fetcher.getKey(server.issuer, "key-1");
    const refreshMany = () =>
      Promise.all(Array.from({ length: 1000 }, () => fetcher.refresh(server.issuer, "key-1")));
    expect(new Set(await refreshMany())).toEqual(new Set([known]));
    clock.advance(29);
    expect(new Set(await refreshMany())).toEqual(new Set([known]));
    expect(server.requests).toHaveLength(2);
    clock.advance(1);
    await refreshMany();
    expect(server.requests).toHaveLength(3);
  });

  test("is not put off by made-up key ids, nor puts a rotated key off", async () => {
    const { server, fetcher } = await startRestarting();
    await fetcher.getKey(server.issuer, "made-up");
    server.answer = json({ keys: [after.toJwk()] });
    expect((await fetcher.refresh(server.issuer, "key-1"))?.toJwk("key-1")).toEqual(after.toJwk());

    const other = await startRestarting();
    await other.fetcher.refresh(other.server.issuer, "key-1");
    const rotated = KeyPair.generate("key-2");
    other.server.answer = json({ keys: [rotated.toJwk()] });
    expect(await other.fetcher.getKey(other.server.issuer, "key-2")).toBeDefined();
  });

  test("gives the known key while the issuer cannot be asked, and goes on giving it", async () => {
    const { server, fetcher } = await startRestarting();
    const known = await fetcher.getKey(server.issuer, "key-1");
    server.answer = status(503);
    expect(await fetcher.refresh(server.issuer, "key-1")).toBe(known);
    expect(await fetcher.getKey(server.issuer, "key-1")).toBe(known);
    expect(server.requests).toHaveLength(2);
  });

  test("gives no key when the issuer publishes it no more", async () => {
    const { server, fetcher } = await startRestarting();
    server.answer = json({ keys: [] });
    expect(await fetcher.refresh(server.issuer, "key-1")).toBeUndefined();
  });

  test("is refused with 1010 when no key of the issuer is known", async () => {
    const server = await startIssuer(status(404));
    const fetcher = new JWKSFetcher({ allowInsecure: "loopback" });
    expect(await causeOfUnavailable(fetcher.refresh(server.issuer, "key-1"))).toContain("status 404");
    await fetcher.close();
    expect(await causeOfUnavailable(fetcher.refresh(server.issuer, "key-1"))).toBe("the fetcher is closed");
  });
});
