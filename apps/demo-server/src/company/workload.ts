import { AttestationRejectedError, AttestingClientSession } from "@attest/mcp-client";
import { exchange, TokenSourceError, workload } from "@attest/mcp-client/tokens";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Report } from "./report.js";

/*
 * A workload of the company: finds the platform that it runs on, exchanges what the platform gives it, and calls a tool with
 * a token that is bound to its own key. It writes one line: how far it got. That it writes its token as well is careless.
 */

const { ISSUER = "", SERVER = "" } = process.env;
const getToken = exchange({
  url: ISSUER,
  subjectToken: workload({ audience: ISSUER, allowInsecure: "loopback" }),
  allowInsecure: "loopback",
});
let token = "";
const session = new AttestingClientSession(
  { name: "support-agent", version: "1.0.0" },
  {
    proofOfPossession: true,
    requireVerification: true,
    targetAudience: SERVER,
    getToken: async (request) => {
      token = await getToken(request);
      return token;
    },
  },
);
console.log(JSON.stringify(await attempt()));

async function attempt(): Promise<Report> {
  try {
    await session.connect(new StreamableHTTPClientTransport(new URL(`${SERVER}/mcp`)));
    await session.callTool({ name: "read_logs", arguments: { service: "mail" } });
    return { outcome: "got in", trustLevel: session.attestationStatus?.trustLevel ?? "none", token };
  } catch (error) {
    if (error instanceof TokenSourceError)
      return { outcome: "no token", error: error.error ?? error.message };
    if (error instanceof AttestationRejectedError) return { outcome: "refused", code: error.code };
    throw error;
  } finally {
    await session.close();
  }
}
