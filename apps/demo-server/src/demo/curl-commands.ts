import { ATTESTATION_CAPABILITY_KEY, ATTESTATION_VERSION } from "@attest/core";

export interface CurlTargets {
  readonly providerOrigin: string;
  readonly serverOrigin: string;
  readonly apiKey: string;
}

const HEADERS = "-H 'content-type: application/json' -H 'accept: application/json, text/event-stream'";

/**
 * Returns shell commands, to be pasted as they are, that get a token, present it, and call a guarded tool. A token
 * travels in `initialize`; the calls after it name the session that this opened.
 */
export function curlCommands({ providerOrigin, serverOrigin, apiKey }: CurlTargets): string {
  const mcp = `${serverOrigin}/mcp`;
  const inSession = `curl -s ${mcp} ${HEADERS} -H "mcp-session-id: $SESSION"`;
  const capability = {
    version: ATTESTATION_VERSION,
    token: "$TOKEN",
    supported_algorithms: ["EdDSA", "Ed25519"],
    attestation_types: ["provider", "enterprise"],
  };
  const params = {
    protocolVersion: "2025-11-25",
    clientInfo: { name: "curl", version: "1" },
    capabilities: { experimental: { [ATTESTATION_CAPABILITY_KEY]: capability } },
  };
  const call = { name: "restart_service", arguments: { service: "mail" } };
  return `TOKEN=$(curl -s ${providerOrigin}/v1/attestations -H 'authorization: Bearer ${apiKey}' \\
  -H 'content-type: application/json' -d '{"audience":"${serverOrigin}"}' | sed -E 's/.*"token":"([^"]*)".*/\\1/')
SESSION=$(curl -s -D - -o /dev/null ${mcp} ${HEADERS} \\
  -d '${request({ id: 1, method: "initialize", params }).replace("$TOKEN", `'"$TOKEN"'`)}' \\
  | tr -d '\\r' | sed -n 's/^[Mm]cp-[Ss]ession-[Ii]d: //p')
${inSession} \\
  -d '${request({ method: "notifications/initialized" })}'
${inSession} \\
  -d '${request({ id: 2, method: "tools/call", params: call })}'`;
}

function request(members: object): string {
  return JSON.stringify({ jsonrpc: "2.0", ...members });
}
