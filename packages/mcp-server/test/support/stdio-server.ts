import { KeyPair, VerificationPolicy } from "@attest/core";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { Issuer } from "./agents.ts";
import { createWeatherServer } from "./weather-server.ts";

/** The weather server as a program of its own: the key it trusts and its policy come from the environment. */
const issuer = new Issuer(KeyPair.fromPem(process.env["ISSUER_PEM"] ?? "", "key-1"));
const policy = Object.values(VerificationPolicy).find((name) => name === process.env["POLICY"]);
await createWeatherServer(issuer.verifier({ policy })).connect(new StdioServerTransport());
