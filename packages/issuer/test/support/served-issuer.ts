import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clock, KeyPair } from "@attest/core";
import { KeyRing } from "@attest/jwks";
import { onTestFinished } from "vitest";
import { createIssuer, type Issuer, readTrustPolicy } from "../../src/index.js";
import { nodeListener } from "../../src/service/node-listener.js";
import { Recorder } from "./recorder.ts";

export interface ServedIssuer {
  readonly issuer: Issuer;
  readonly keyRing: KeyRing;
  readonly observer: Recorder;
}

/** Starts an issuer on a real server, under the address that it is reached at. */
export async function serveIssuer(policy: object, clock: Clock): Promise<ServedIssuer> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const keyRing = new KeyRing({ current: KeyPair.generate(), clock });
  const observer = new Recorder();
  const issuer = createIssuer({
    issuer: origin,
    trustDomain: "corp.example",
    signer: keyRing,
    policy: readTrustPolicy(policy),
    clock,
    observer,
  });
  server.on(
    "request",
    nodeListener((request) => issuer.handle(request), origin),
  );
  onTestFinished(() => {
    issuer.close();
    server.closeAllConnections();
    server.close();
  });
  return { issuer, keyRing, observer };
}
