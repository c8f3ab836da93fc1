import { kindOf, membersOf } from "@attest/core/internal";
import type { UnverifiedServerError } from "../errors/unverified-server-error.js";
import { BearerEvidence } from "../evidence/bearer.js";
import { BoundEvidence } from "../evidence/bound.js";
import type { EvidenceStrategy } from "../evidence/evidence-strategy.js";
import { TokenFetching } from "../evidence/token-fetching.js";
import { readTokenSource, type TokenSettings, type TokenSource } from "../evidence/token-source.js";
import { endHttpSession } from "./end-http-session.js";
import { sendsByFetch, signEachSending } from "./signed-sending.js";
import { tapIncoming } from "./tap.js";
import { AttestedTraffic } from "./traffic.js";
import type { TransportLike } from "./transport-like.js";
import { VerifiedServer } from "./verified-server.js";

const attested = new WeakSet<object>();

/**
 * Makes a client transport of any MCP SDK attest: it presents a fresh token with every `initialize`, and renews it in
 * the course of the session. Returns the same transport, which is changed in place, because some clients look at the
 * object itself. A token source that fails makes the client's `connect` fail with the source's own error.
 *
 * Under `requireVerification` a server that did not verify the agent is told nothing more: `initialize` is answered with
 * an error, `onerror` gets an `UnverifiedServerError`, and requests fail with one.
 *
 * @throws {TypeError} when `transport` is no transport or attests already, or an option is wrong or unknown.
 */
export function attestTransport<T extends TransportLike>(transport: T, source: TokenSource): T {
  assertTransport("attestTransport", transport);
  return attestWith(transport, readTokenSource("attestTransport", source));
}

/**
 * Does what {@link attestTransport} does, with a token source that has been read.
 *
 * @param onUnverified is told why `initialize` failed, when that is for `requireVerification`. Default: `onerror` is.
 */
export function attestWith<T extends TransportLike>(
  transport: T,
  settings: TokenSettings,
  onUnverified?: (error: UnverifiedServerError) => void,
): T {
  if (attested.has(transport)) {
    throw new TypeError(
      "this transport attests already: every connect, a second attempt too, takes a new one",
    );
  }
  attested.add(transport);
  const report = (error: Error) => transport.onerror?.(error);
  const evidence = evidenceFor(transport, settings, report);
  const { prove } = evidence;
  const traffic: AttestedTraffic = new AttestedTraffic({
    evidence,
    verifiedServer: settings.requireVerification ? new VerifiedServer() : undefined,
    send:
      prove === undefined ? transport.send.bind(transport) : signEachSending(transport, prove.bind(evidence)),
    deliver: tapIncoming(transport, (message) => traffic.receive(message)),
    report,
    onUnverified: onUnverified ?? report,
    endSession: () => endHttpSession(transport),
  });
  transport.send = (message, options) => traffic.send(message, options);
  return transport;
}

function evidenceFor(
  transport: TransportLike,
  settings: TokenSettings,
  report: (error: Error) => void,
): EvidenceStrategy {
  const tokens = new TokenFetching(settings, report);
  const { proof } = settings;
  if (proof === undefined) return new BearerEvidence(tokens);
  const isHttp = sendsByFetch(transport);
  const standsAlone = () => isHttp && membersOf(transport)["sessionId"] === undefined;
  return new BoundEvidence({ tokens, settings, ...proof, standsAlone });
}

/** @throws {TypeError} when `transport` is no transport. */
export function assertTransport(owner: string, transport: unknown): asserts transport is TransportLike {
  const { send, start } = membersOf(transport);
  if (typeof send !== "function" || typeof start !== "function") {
    throw new TypeError(`${owner} needs a client transport of the MCP SDK, got ${kindOf(transport)}`);
  }
}
