import { type Clock, systemClock } from "@attest/core";
import { kindOf } from "@attest/core/internal";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { AttestedTraffic } from "./attested-traffic.js";
import { tapIncoming } from "./tap-incoming.js";
import { type TokenSource, tokenGetter } from "./token-source.js";

const attested = new WeakSet<Transport>();

/**
 * Makes a client transport present a fresh token with every `initialize` it sends, and renew it in the course of
 * the session, and returns the same transport: it is changed in place, because some clients look at the object
 * itself. A token source that fails makes the client's `connect` fail with the source's own error.
 *
 * @throws {TypeError} when `transport` is none or attests already, or an option is wrong or unknown.
 */
export function attestTransport<T extends Transport>(transport: T, source: TokenSource): T {
  assertTransport("attestTransport", transport);
  return attestWith(transport, tokenGetter("attestTransport", source), source.clock);
}

/** {@link attestTransport} for a token source that has been read. */
export function attestWith<T extends Transport>(
  transport: T,
  getToken: () => Promise<string>,
  clock: Clock = systemClock,
): T {
  if (attested.has(transport)) {
    throw new TypeError(
      "this transport attests already: every connect, a second attempt too, takes a new one",
    );
  }
  attested.add(transport);
  const traffic: AttestedTraffic = new AttestedTraffic({
    getToken,
    clock,
    send: transport.send.bind(transport),
    deliver: tapIncoming(transport, (message) => traffic.receive(message)),
    report: (error) => transport.onerror?.(error),
  });
  transport.send = (message, options) => traffic.send(message, options);
  return transport;
}

/** @throws {TypeError} when `transport` is no transport. */
export function assertTransport(owner: string, transport: Transport): void {
  if (typeof transport?.send !== "function" || typeof transport.start !== "function") {
    throw new TypeError(`${owner} needs a client transport of the MCP SDK, got ${kindOf(transport)}`);
  }
}
