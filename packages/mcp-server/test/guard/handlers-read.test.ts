import { posix } from "node:path";
import { AttestationErrorCode } from "@attest/core";
import { attestServer } from "@attest/mcp-server";
import { McpServer, ResourceTemplate } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test } from "vitest";
import { enterprise, Issuer } from "../support/agents.ts";
import { connectRaw, initializeParams } from "../support/raw-connection.ts";

/** A file server as users write them: it takes any path and decodes it. */
function fileServer(read: (path: string) => void): McpServer {
  const server = new McpServer({ name: "files", version: "1" });
  const template = new ResourceTemplate("file:///{+path}", { list: undefined });
  server.registerResource("files", template, {}, async (uri) => {
    const path = posix.normalize(decodeURIComponent(uri.pathname));
    read(path);
    return { contents: [{ uri: uri.href, text: path }] };
  });
  return server;
}

const codeOf = (message: JSONRPCMessage) => ("error" in message ? message.error.code : undefined);

describe("rules for resources", () => {
  test("keep a file from a handler that decodes and normalises its path", async () => {
    const issuer = new Issuer();
    const paths: string[] = [];
    const server = fileServer((path) => paths.push(path));
    const rules = { resources: { "file:///tmp/data/secret/*": { trustLevel: "provider" } } } as const;
    attestServer(server, { verifier: issuer.verifier(), rules });
    const { request } = await connectRaw(server);
    await request("initialize", initializeParams(await issuer.token({ metadata: enterprise })));
    for (const uri of [
      "file:///%2ftmp/..%2ftmp/data/secret/a",
      "file:///tmp/data/x%2fy/..%2f../secret/a",
      "file:///tmp/x%2fy/../data/secret/a",
      "file:///tmp%2f%2fdata%2f.%2fsecret/a",
    ]) {
      const code = codeOf(await request("resources/read", { uri }));
      expect(code, uri).toBe(AttestationErrorCode.INSUFFICIENT_TRUST);
    }
    expect(paths).toEqual([]);
    await request("resources/read", { uri: "file:///tmp/data/a%2fb/public" });
    expect(paths).toEqual(["/tmp/data/a/b/public"]);
  });
});
