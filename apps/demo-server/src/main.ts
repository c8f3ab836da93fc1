import { AttestationVerifier, InMemoryReplayCache } from "@attest/core";
import { runService } from "@attest/demo-service";
import { FetcherClosedError, HTTPKeyResolver, JWKSFetcher } from "@attest/jwks";
import { HttpSessions } from "@attest/mcp-server/http";
import { RedisReplayCache } from "@attest/replay-redis";
import { getRequestListener } from "@hono/node-server";
import { createApp } from "./app.js";
import { readConfig } from "./config.js";
import { eventLog } from "./event-log.js";
import { createOperationsServer } from "./operations-server.js";
import { reasonsOf } from "./reasons.js";

await runService("demo-server", () => {
  const { port, issuer, trustDomain, policy, requireProof, audience, redisUrl } = readConfig(process.env);
  const fetcher = new JWKSFetcher({
    allowInsecure: "loopback",
    // All on one machine: there is no network to spare, and whoever rotates keys by hand wants to see it work.
    unknownKeyCooldownSeconds: 0.2,
    retry: { maxRetries: 1, baseDelaySeconds: 0.1 },
    circuitBreaker: { recoveryTimeoutSeconds: 1 },
    observer: eventLog,
  });
  void warnWithoutKeys(fetcher, issuer);
  const shared =
    redisUrl === undefined ? undefined : new RedisReplayCache({ url: redisUrl, observer: eventLog });
  // A Redis that is down is no reason not to start either: the event log says so, and its fall-back decides.
  shared?.connect().catch((error: unknown) => console.error(`demo-server: no Redis (${reasonsOf(error)})`));
  let sessions: HttpSessions | undefined;
  return {
    port,
    createListener: (origin) => {
      const ownName = audience ?? origin;
      const verifier = new AttestationVerifier({
        trustedIssuers: [{ issuer, trustDomains: [trustDomain] }],
        keyResolver: new HTTPKeyResolver({ fetcher }),
        policy,
        requireProof,
        audience: ownName,
        replayCache: shared ?? new InMemoryReplayCache(),
        observer: eventLog,
      });
      sessions = new HttpSessions({
        verifier,
        createServer: () => createOperationsServer(verifier, eventLog),
        observer: eventLog,
      });
      return getRequestListener(createApp(sessions, ownName).fetch);
    },
    close: async () => {
      await sessions?.close();
      await fetcher.close();
      await shared?.close();
    },
  };
});

/** A provider that is down is no reason not to start: it is asked again for every token. */
async function warnWithoutKeys(fetcher: JWKSFetcher, issuer: string): Promise<void> {
  try {
    await fetcher.getJwks(issuer);
  } catch (error) {
    if (error instanceof FetcherClosedError) return;
    console.error(
      `demo-server: no keys from ${issuer} (${reasonsOf(error)}); agents are refused with 1010 until there are`,
    );
  }
}
