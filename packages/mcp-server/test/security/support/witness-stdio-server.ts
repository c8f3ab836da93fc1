import { KeyPair } from "@attest/core";
import { FixedClock } from "@attest/core/testing";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { Issuer } from "../../support/agents.ts";
import { type Hold, heldVerifier } from "./held-verifier.ts";
import { createWitnessServer } from "./witness-server.ts";

/*
 * The witness server as a program of its own: what it saw goes to stderr, line by line, and SIGUSR2 releases what is
 * held.
 */
const { ISSUER_PEM = "", HOLD = "none", NOW } = process.env;
const issuer = new Issuer(KeyPair.fromPem(ISSUER_PEM, "key-1"));
const clock = new FixedClock(Number(NOW));
const { promise: released, resolve: release } = Promise.withResolvers<void>();
process.on("SIGUSR2", () => release());
const verifier = heldVerifier(issuer, { hold: HOLD as Hold, released, clock });
const saw = (what: string) => void process.stderr.write(`${what}\n`);
await createWitnessServer({ verifier, clock, saw }).connect(new StdioServerTransport());
