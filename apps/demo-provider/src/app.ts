import { AttestationMetadata, AttestationProvider, decodeToken } from "@attest/core";
import { jwksHandler } from "@attest/jwks";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Agent, AgentRegistry } from "./agents.js";
import { badRequest, methodNotAllowed, refuse, tooManyWrongKeys, unauthorized } from "./answers.js";
import { readAttestationRequest } from "./attestation-request.js";
import { bearerKeyOf, type KeyHash } from "./bearer.js";
import { Confirmations } from "./confirmations.js";
import type { KeyStore } from "./key-store.js";
import { WrongKeys } from "./wrong-keys.js";

const MAX_BODY_BYTES = 16_384;

export interface AppOptions {
  /** The `iss` of every token. */
  readonly issuer: string;
  /** Keys that sign the tokens, and keys that are published. */
  readonly keys: KeyStore;
  /** Key whose bearer may rotate the keys. `undefined`: nobody may. */
  readonly adminKey: KeyHash | undefined;
  readonly agents: AgentRegistry;
  /** The SPIFFE trust domain of every agent's subject. */
  readonly trustDomain: string;
  /** How long a token lives unless the agent asks for another life, in seconds. */
  readonly tokenLifetimeSeconds: number;
}

/** Context of a request that passed authentication. */
interface AppEnvironment {
  Variables: { agent: Agent };
}

/** The provider as a web-standard application: its key set, tokens for the agents it knows, and its health. */
export function createApp(options: AppOptions): Hono<AppEnvironment> {
  const { issuer, keys, adminKey, agents, trustDomain } = options;
  const provider = new AttestationProvider({
    issuer,
    keyPair: keys.ring,
    defaultLifetimeSeconds: options.tokenLifetimeSeconds,
  });
  const keySet = jwksHandler(keys.ring);
  const confirmations = new Confirmations(issuer);
  const wrongKeys = new WrongKeys();
  const app = new Hono<AppEnvironment>();

  app.all("/.well-known/jwks.json", ({ req }) => keySet(req.raw));

  app.get("/health", (context) => context.json({ status: "ok", issuer }));
  app.all("/health", (context) => methodNotAllowed(context, "GET, HEAD"));

  app.post(
    "/v1/attestations",
    // First, so that nobody but an agent makes us read a body.
    async (context, next) => {
      const apiKey = bearerKeyOf(context.req.header("authorization"));
      const agent = apiKey === undefined ? undefined : agents.find(apiKey);
      if (agent === undefined) {
        const keyWasGiven = apiKey !== undefined;
        if (keyWasGiven && !(await wrongKeys.pause())) return tooManyWrongKeys(context);
        return unauthorized(context, { wanted: "a known agent's API key", keyWasGiven });
      }
      context.set("agent", agent);
      return next();
    },
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (context) =>
        refuse(context, 413, {
          error: "body_too_large",
          message: `the body must have at most ${MAX_BODY_BYTES} bytes`,
        }),
    }),
    async (context) => {
      const { identity, integrity, safetyLevels } = context.get("agent");
      const body: unknown = await context.req.json().catch(() => undefined);
      if (body === undefined) return badRequest(context, "body", "must be JSON");
      const read = readAttestationRequest(body);
      if (read.problem !== undefined)
        return badRequest(context, read.problem.field || "body", read.problem.problem);
      const { audience, lifetimeSeconds, safetyLevel = safetyLevels[0] } = read.request;
      const bound = await confirmations.confirm(
        read.request,
        bearerKeyOf(context.req.header("authorization")),
      );
      if (bound.problem !== undefined) return badRequest(context, "confirmationProof", bound.problem);
      if (safetyLevel !== undefined && !safetyLevels.includes(safetyLevel)) {
        return refuse(context, 403, {
          error: "forbidden",
          field: "safetyLevel",
          message: `safetyLevel may be ${safetyLevels.join(" or ")} for this agent`,
        });
      }
      const token = await provider.createToken({
        identity,
        integrity,
        subject: identity.toSpiffeId(trustDomain),
        metadata: new AttestationMetadata({ safetyLevel }),
        audience,
        lifetimeSeconds,
        confirmationKey: bound.key,
      });
      context.header("cache-control", "no-store");
      return context.json({ token, expiresAt: decodeToken(token).claims.exp });
    },
  );
  app.all("/v1/attestations", (context) => methodNotAllowed(context, "POST"));

  // Without an admin key there is nothing here, for nobody.
  if (adminKey !== undefined) {
    app.post("/v1/keys/rotate", async (context) => {
      const key = bearerKeyOf(context.req.header("authorization"));
      if (key === undefined || !adminKey.matches(key)) {
        const keyWasGiven = key !== undefined;
        if (keyWasGiven && !(await wrongKeys.pause())) return tooManyWrongKeys(context);
        return unauthorized(context, { wanted: "the admin key", keyWasGiven });
      }
      try {
        keys.rotate();
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        return refuse(context, 409, { error: "too_many_keys", message: error.message });
      }
      const { kid, next, previous } = keys.ring;
      context.header("cache-control", "no-store");
      return context.json({
        kid,
        nextKid: next?.kid,
        retired: previous.map(({ jwk, publishedUntil }) => ({ kid: jwk.kid, publishedUntil })),
      });
    });
    app.all("/v1/keys/rotate", (context) => methodNotAllowed(context, "POST"));
  }

  app.notFound((context) => refuse(context, 404, { error: "not_found", message: "there is nothing here" }));
  app.onError((error, context) => {
    console.error(error);
    return refuse(context, 500, { error: "internal_error", message: "the provider failed" });
  });
  return app;
}
