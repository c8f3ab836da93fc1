import { kindOf, membersOf } from "@attest/core/internal";
import type { JsonObject } from "@attest/core/wire";
import type { UnverifiedServerError } from "../errors/unverified-server-error.js";
import { BearerEvidence } from "../evidence/bearer.js";
import { BoundEvidence } from "../evidence/bound.js";
import type { EvidenceStrategy } from "../evidence/evidence-strategy.js";
import { TokenFetching } from "../evidence/token-fetching.js";
import { readTokenSource, type TokenSettings, type TokenSource } from "../evidence/token-source.js";
import { endHttpSession } from "./end-http-session.js";
import { forgettableSession } from "./forgettable-session.js";
import { ReconnectingTraffic } from "./reconnecting-traffic.js";
import { sendsByFetch, signEachSending } from "./signed-sending.js";
import { tapClosing, tapErrors, tapIncoming } from "./tap.js";
import { AttestedTraffic } from "./traffic.js";
import type { TransportLike } from "./transport-like.js";
import { VerifiedServer } from "./verified-server.js";

const attested = new WeakSet<object>();

/**
 * Makes a client transport of any MCP SDK attest: it presents a fresh token with every `initialize`, and renews it in
 * the course of the session. Returns the same transport, which is changed in place, because some clients look at the
 * object itself. A token source that fails makes the client's `connect` fail with the source's own error. A Streamable HTTP
 * transport opens a new session when the server has forgotten its own (`reconnect`).
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

/** The things that a client wants to be told of beyond what `onerror` is. */
export interface AttestHooks {
  /** Is told why `initialize` failed, when that is for `requireVerification`. Default: `onerror` is. */
  readonly onUnverified?: (error: UnverifiedServerError) => void;
  /** Is given the server's answer to the `initialize` of a session that was opened in place of another. */
  readonly onReopened?: (result: JsonObject) => void;
}

/** Does what {@link attestTransport} does, with a token source that has been read. */
export function attestWith<T extends TransportLike>(
  transport: T,
  settings: TokenSettings,
  { onUnverified, onReopened = () => undefined }: AttestHooks = {},
): T {
  if (attested.has(transport)) {
    throw new TypeError(
      "this transport attests already: every connect, a second attempt too, takes a new one",
    );
  }
  attested.add(transport);
  const session = settings.reconnect ? forgettableSession(transport) : undefined;
  const endSession = sessionEnder(transport);
  const report: (error: Error) => void =
    session === undefined
      ? (error: Error) => transport.onerror?.(error)
      : tapErrors(transport, (error) => reconnecting?.failed(error) ?? "pass");
  const deliver = tapIncoming(transport, (message) =>
    traffic.receive(message) === "pass" ? (reconnecting?.receive(message) ?? "pass") : "withhold",
  );
  const evidence = evidenceFor(transport, settings, report);
  const { prove } = evidence;
  const traffic = new AttestedTraffic({
    evidence,
    verifiedServer: settings.requireVerification ? new VerifiedServer() : undefined,
    send:
      prove === undefined ? transport.send.bind(transport) : signEachSending(transport, prove.bind(evidence)),
    deliver: (message) => {
      if ((reconnecting?.receive(message) ?? "pass") === "pass") deliver(message);
    },
    report,
    onUnverified: (error) => {
      reconnecting?.unverified(error);
      (onUnverified ?? report)(error);
    },
    endSession,
  });
  const reconnecting: ReconnectingTraffic | undefined =
    session &&
    new ReconnectingTraffic({ ...settings, traffic, session, endSession, deliver, report, onReopened });
  if (reconnecting !== undefined) onEnd(transport, () => reconnecting.end());
  const outgoing = reconnecting ?? traffic;
  transport.send = (message, options) => outgoing.send(message, options);
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

/** Returns a function that ends the session at the server, without the client having asked for it. */
function sessionEnder(transport: TransportLike): () => Promise<void> | undefined {
  const { terminateSession } = membersOf(transport);
  return () => endHttpSession(transport, terminateSession);
}

/** Calls `end` when the client closes the connection, or is about to end the session. */
function onEnd(transport: TransportLike & { terminateSession?: () => Promise<void> }, end: () => void): void {
  tapClosing(transport, end);
  const terminate = transport.terminateSession?.bind(transport);
  if (terminate === undefined) return;
  transport.terminateSession = () => {
    end();
    return terminate();
  };
}

/** @throws {TypeError} when `transport` is no transport. */
export function assertTransport(owner: string, transport: unknown): asserts transport is TransportLike {
  const { send, start } = membersOf(transport);
  if (typeof send !== "function" || typeof start !== "function") {
    throw new TypeError(`${owner} needs a client transport of the MCP SDK, got ${kindOf(transport)}`);
  }
}
