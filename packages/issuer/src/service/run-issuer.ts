import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { AttestationObserver } from "@attest/core";
import { causesOf, notify, printable } from "@attest/core/internal";
import type { KeySetEvent } from "@attest/jwks";
import { createIssuer } from "../create-issuer.js";
import type { IssuerEvent } from "../events.js";
import { readTrustPolicy } from "../policy/read-trust-policy.js";
import { type IssuerConfig, readConfig } from "./config.js";
import { KeysInFile } from "./keys-in-file.js";
import { nodeListener } from "./node-listener.js";
import { StartError } from "./start-error.js";
import { fileState, watchForChange } from "./watch-file.js";

export interface RunIssuerOptions {
  /** Path of the issuer's file. */
  readonly config: string;
  /** Observer of what is issued and refused, of the policy, and of the platforms' keys. */
  readonly observer: AttestationObserver<IssuerEvent | KeySetEvent>;
}

/** Issuer that runs on a server of its own. */
export interface RunningIssuer {
  /** Where it listens, such as `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** Reads its files again. What is wrong with them is reported, and what was before stays in force. */
  reload(): void;
  /** Takes no further request, answers those under way for up to `graceSeconds`, and ends. */
  close(options: { readonly graceSeconds: number }): Promise<void>;
}

/** How long a client may take to send its request, in milliseconds. */
const REQUEST_TIMEOUT_MILLISECONDS = 30_000;
/** How often a server that ends looks for idle connections, in milliseconds. */
const SWEEP_MILLISECONDS = 50;
/** Members that take effect when the issuer starts. */
const FIXED = ["issuer", "trustDomain", "listen", "keys"] as const;

/**
 * Runs an issuer as its file says, and reads the file, and that of its keys, again when they change.
 *
 * @throws {StartError | TrustPolicyError | TypeError} saying in one line why it cannot start.
 */
export async function runIssuer({ config: file, observer }: RunIssuerOptions): Promise<RunningIssuer> {
  const configState = fileState(file);
  const config = readConfig(file);
  const { platforms, rules } = config;
  const keys = KeysInFile.open(config.keys.file);
  // Where the keys were made just now, this is the file that they were written to.
  const keysState = fileState(config.keys.file);
  keys.reload();
  const issuer = createIssuer({
    issuer: config.issuer,
    trustDomain: config.trustDomain,
    signer: keys,
    policy: readTrustPolicy({ platforms, rules } as object),
    observer,
  });
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MILLISECONDS },
    nodeListener((request) => issuer.handle(request), config.issuer),
  );
  const origin = await listen(server, config.listen);

  function reloadPolicy(): void {
    try {
      const next = readConfig(file);
      assertUnchanged(config, next);
      issuer.reload({ platforms: next.platforms, rules: next.rules });
    } catch (error) {
      notify(observer, { type: "policy_refused", cause: causesOf(error) });
    }
  }
  function reloadKeys(): void {
    try {
      keys.reload();
      notify(observer, { type: "keys_loaded", kid: printable(keys.kid) });
    } catch (error) {
      notify(observer, { type: "keys_refused", cause: causesOf(error) });
    }
  }
  const unwatch = [
    watchForChange(file, configState, reloadPolicy),
    watchForChange(config.keys.file, keysState, reloadKeys),
  ];

  return {
    origin,
    reload() {
      reloadPolicy();
      reloadKeys();
    },
    async close({ graceSeconds }) {
      for (const end of unwatch) end();
      const closed = once(server, "close");
      server.close();
      // Connections that become idle now are not used again, and would be waited for.
      const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MILLISECONDS);
      const timer = setTimeout(() => server.closeAllConnections(), graceSeconds * 1000);
      await closed;
      clearInterval(sweep);
      clearTimeout(timer);
      issuer.close();
    },
  };
}

/** @throws {StartError} when a member has changed that a running issuer cannot take over. */
function assertUnchanged(now: IssuerConfig, next: IssuerConfig): void {
  const changed = FIXED.find((member) => JSON.stringify(now[member]) !== JSON.stringify(next[member]));
  if (changed !== undefined)
    throw new StartError(`a new ${changed} takes effect at a restart; nothing was loaded`);
}

/** @throws {StartError} when the address cannot be listened on. */
async function listen(server: Server, address: string): Promise<string> {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  server.listen(Number(address.slice(colon + 1)), host);
  try {
    await once(server, "listening");
  } catch (cause) {
    const { code = "unknown error" } = cause as NodeJS.ErrnoException;
    throw new StartError(`${address} cannot be listened on (${code}); set listen to another one`, { cause });
  }
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
