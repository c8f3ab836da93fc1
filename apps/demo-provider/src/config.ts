import { readFileSync } from "node:fs";
import { KeyPair } from "@attest/core";
import {
  type Environment,
  readEnvironment,
  StartError,
  trustDomain,
  wholeNumber,
} from "@attest/demo-service";
import * as v from "valibot";
import { AgentRegistry } from "./agents.js";
import { bearerKey, KeyHash } from "./bearer.js";
import { KeyStore } from "./key-store.js";

/** The longest life a token may be given, in seconds: what verifiers accept unless told otherwise. */
export const MAX_TOKEN_LIFETIME_SECONDS = 900;

/** For trying things out on one machine; the README shows it, so it is no secret. */
const DEMO_API_KEY = "demo-agent-api-key";
const DEMO_AGENTS = JSON.stringify([
  {
    apiKey: DEMO_API_KEY,
    modelFamily: "demo-1",
    modelVersion: "demo-1-small",
    provider: "demo-provider",
    deploymentId: "local",
  },
]);

/** Settings from the environment. */
export interface Config {
  readonly port: number;
  /** The `iss` of every token; `undefined`: the origin that is listened on. */
  readonly issuer: string | undefined;
  /** The SPIFFE trust domain of every agent's subject. */
  readonly trustDomain: string;
  readonly agents: AgentRegistry;
  readonly tokenLifetimeSeconds: number;
  readonly keys: KeyStore;
  /** Key whose bearer may rotate the keys. `undefined`: nobody may. */
  readonly adminKey: KeyHash | undefined;
}

const environmentSchema = v.object({
  PORT: v.optional(wholeNumber(0, 65_535), "4100"),
  ISSUER: v.optional(
    v.pipe(
      v.string(),
      v.check(isIssuer, "must be an http or https URL without credentials, query and fragment"),
    ),
  ),
  TRUST_DOMAIN: v.optional(trustDomain, "provider.example"),
  AGENTS: v.optional(v.string(), DEMO_AGENTS),
  TOKEN_LIFETIME_SECONDS: v.optional(wholeNumber(1, MAX_TOKEN_LIFETIME_SECONDS), "300"),
  PRIVATE_KEY_FILE: v.optional(v.string()),
  KEYS_FILE: v.optional(v.string()),
  ADMIN_KEY: v.optional(bearerKey),
});

/** @throws {StartError} naming the variable that is wrong. */
export function readConfig(environment: Environment): Config {
  const variables = readEnvironment(environmentSchema, environment);
  const { PRIVATE_KEY_FILE, KEYS_FILE, ADMIN_KEY } = variables;
  const agents = AgentRegistry.fromJson(variables.AGENTS);
  if (agents.find(DEMO_API_KEY) !== undefined && !isOnThisMachine(variables.ISSUER))
    throw new StartError(
      `AGENTS must be set, without the API key "${DEMO_API_KEY}", where ISSUER is beyond this machine: the README shows that key to everybody`,
    );
  if (PRIVATE_KEY_FILE !== undefined && KEYS_FILE !== undefined)
    throw new StartError("PRIVATE_KEY_FILE and KEYS_FILE both say what signs; unset one of them");
  if (ADMIN_KEY !== undefined && agents.find(ADMIN_KEY) !== undefined)
    throw new StartError("ADMIN_KEY must not be an agent's apiKey, which could then rotate the keys");
  return {
    port: variables.PORT,
    issuer: variables.ISSUER,
    trustDomain: variables.TRUST_DOMAIN,
    agents,
    tokenLifetimeSeconds: variables.TOKEN_LIFETIME_SECONDS,
    keys: new KeyStore({
      file: KEYS_FILE,
      keyPair: PRIVATE_KEY_FILE === undefined ? undefined : readKeyPair(PRIVATE_KEY_FILE),
      announcesNext: ADMIN_KEY !== undefined,
    }),
    adminKey: ADMIN_KEY === undefined ? undefined : new KeyHash(ADMIN_KEY),
  };
}

function isIssuer(issuer: string): boolean {
  const url = URL.parse(issuer);
  return (
    url !== null &&
    ["http:", "https:"].includes(url.protocol) &&
    `${url.username}${url.password}` === "" &&
    !/[?#]/.test(issuer)
  );
}

function readKeyPair(file: string): KeyPair {
  let pem: string;
  try {
    pem = readFileSync(file, "utf8");
  } catch (cause) {
    const { code = "unknown error" } = cause as NodeJS.ErrnoException;
    throw new StartError(`PRIVATE_KEY_FILE cannot be read (${code}); name a readable file, or unset it`, {
      cause,
    });
  }
  try {
    return KeyPair.fromPem(pem);
  } catch (cause) {
    throw new StartError(
      "PRIVATE_KEY_FILE is not an unencrypted Ed25519 private key in PKCS#8 PEM; `openssl genpkey -algorithm ed25519` makes one",
      { cause },
    );
  }
}

/** Whether `issuer` names this machine, as it does by default. */
function isOnThisMachine(issuer: string | undefined): boolean {
  if (issuer === undefined) return true;
  const { hostname } = new URL(issuer);
  return /^(localhost|\[::1\]|127(\.\d+){3})$/.test(hostname);
}
