import { HttpRefusal } from "./http-refusal.js";

/**
 * Rejects a POST by its head, before its body is read: so a request that would be refused anyway costs no token.
 *
 * @throws {HttpRefusal} 406, 415 or 400.
 */
export function assertPostHead(headers: Headers, protocolVersions: readonly string[]): void {
  const accept = headers.get("accept");
  if (!accept?.includes("application/json") || !accept.includes("text/event-stream")) {
    throw new HttpRefusal(
      406,
      "Not Acceptable: Client must accept both application/json and text/event-stream",
    );
  }
  if (!isJson(headers.get("content-type"))) {
    throw new HttpRefusal(415, "Unsupported Media Type: Content-Type must be application/json");
  }
  const version = headers.get("mcp-protocol-version");
  if (version !== null && !protocolVersions.includes(version)) {
    const supported = protocolVersions.join(", ");
    throw new HttpRefusal(400, `Bad Request: Unsupported protocol version; supported versions: ${supported}`);
  }
}

/** Whether a `Content-Type` says JSON, with or without parameters. Two headers in one, joined by a comma, say nothing. */
function isJson(contentType: string | null): boolean {
  if (contentType === "application/json") return true;
  const [type = "", ...parameters] = (contentType ?? "").split(";");
  return type.trim().toLowerCase() === "application/json" && !parameters.join(";").includes(",");
}
