import { hmacNonces, KeyPair, ProofPolicy, VerificationPolicy } from "@attest/core";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { Issuer } from "./agents.ts";
import { createWeatherServer } from "./weather-server.ts";

/** The weather server as a program of its own: the key it trusts and its policies come from the environment. */
const { ISSUER_PEM = "", POLICY, REQUIRE_PROOF, NONCE_KEY } = process.env;
const issuer = new Issuer(KeyPair.fromPem(ISSUER_PEM, "key-1"));
const policy = Object.values(VerificationPolicy).find((name) => name === POLICY);
const requireProof = Object.values(ProofPolicy).find((name) => name === REQUIRE_PROOF) ?? "when-bound";
const challenge =
  NONCE_KEY === undefined ? {} : { challenge: hmacNonces({ key: Buffer.from(NONCE_KEY, "hex") }) };
const server = createWeatherServer(issuer.verifier({ policy, requireProof, ...challenge }));
await server.connect(new StdioServerTransport());
