import { AgentIdentity, type Clock, type Signer } from "@attest/core";
import { FixedClock, TestIssuer } from "@attest/core/testing";
import { onTestFinished } from "vitest";
import type { JWKSFetcherOptions } from "../../src/fetching/fetcher-options.js";
import { HTTPKeyResolver } from "../../src/fetching/http-key-resolver.js";
import { JWKSFetcher } from "../../src/fetching/jwks-fetcher.js";
import { Recorder } from "./recorder.js";

const identity = new AgentIdentity({ modelFamily: "m", modelVersion: "m-1", provider: "acme" });

/** A verifier that asks `issuer` for its keys, with a clock that stands still, and all there is to watch of it. */
export function verifierOf(issuer: string, options: JWKSFetcherOptions = {}) {
  const clock = new FixedClock();
  const observer = new Recorder();
  const fetcher = new JWKSFetcher({ allowInsecure: "loopback", clock, observer, ...options });
  onTestFinished(() => fetcher.close());
  const verifier = new TestIssuer({ issuer, identity, clock }).createVerifier({
    keyResolver: new HTTPKeyResolver({ fetcher }),
  });
  return { verifier, fetcher, observer, clock };
}

/** Mints tokens for that verifier. */
export function minter(
  issuer: string,
  keyPair: Signer,
  clock: Clock,
): (lifetimeSeconds?: number) => Promise<string> {
  const testIssuer = new TestIssuer({ issuer, identity, clock });
  return (lifetimeSeconds = 300) => testIssuer.createToken({ keyPair, lifetimeSeconds });
}
