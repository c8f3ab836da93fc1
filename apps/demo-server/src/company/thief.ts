import { AttestingClientSession } from "@attest/mcp-client";
import { exchange, TokenSourceError } from "@attest/mcp-client/tokens";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { attempt } from "../demo/attempt.js";
import type { Report } from "./report.js";

/*
 * A workload that read another one's attestation in a log. It presents it as it is, or (MODE=exchange) tries to have the
 * issuer change it for one that is bound to a key of its own. It writes one line: how far it got.
 */

const { ISSUER = "", SERVER = "", STOLEN_TOKEN = "", MODE = "present" } = process.env;
console.log(JSON.stringify(MODE === "exchange" ? await exchangeIt() : await presentIt()));

async function presentIt(): Promise<Report> {
  const outcome = await attempt(`${SERVER}/mcp`, STOLEN_TOKEN, "read_logs");
  if (outcome === "got in") return { outcome, trustLevel: "unknown", token: STOLEN_TOKEN };
  return { outcome: "refused", code: outcome };
}

async function exchangeIt(): Promise<Report> {
  const getToken = exchange({ url: ISSUER, subjectToken: () => STOLEN_TOKEN, allowInsecure: "loopback" });
  const session = new AttestingClientSession(
    { name: "thief", version: "1.0.0" },
    { proofOfPossession: true, targetAudience: SERVER, getToken },
  );
  try {
    await session.connect(new StreamableHTTPClientTransport(new URL(`${SERVER}/mcp`)));
    return { outcome: "got in", trustLevel: session.attestationStatus?.trustLevel ?? "none", token: "" };
  } catch (error) {
    if (error instanceof TokenSourceError)
      return { outcome: "no token", error: error.error ?? error.message };
    throw error;
  } finally {
    await session.close();
  }
}
