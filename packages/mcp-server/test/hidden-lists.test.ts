import type { AttestationVerifierOptions } from "@attest/core";
import { type AttestationRules, attestServer } from "@attest/mcp-server";
import { McpServer, ResourceTemplate } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test } from "vitest";
import { enterprise, Issuer } from "./support/agents.ts";
import { connectRaw, initializeParams, type RawConnection } from "./support/raw-connection.ts";

const PROVIDER = { trustLevel: "provider" } as const;
const RULES: AttestationRules = {
  tools: { "admin_*": PROVIDER, asked: { check: async () => false } },
  resources: { "db://secret/*": PROVIDER },
  prompts: { secret: PROVIDER },
};

function existingServer(): McpServer {
  const server = new McpServer({ name: "existing", version: "1" });
  for (const name of ["read", "admin_delete", "asked"]) {
    server.registerTool(name, {}, async () => ({ content: [] }));
  }
  for (const uri of ["db://public/a", "db://secret/a"]) {
    server.registerResource(uri, uri, {}, async () => ({ contents: [] }));
  }
  for (const scheme of ["db://public/{id}", "db://secret/{id}"]) {
    const template = new ResourceTemplate(scheme, { list: undefined });
    server.registerResource(scheme, template, {}, async () => ({ contents: [] }));
  }
  for (const name of ["secret", "greeting"]) {
    server.registerPrompt(name, {}, async () => ({ messages: [] }));
  }
  return server;
}

/** The names in a list's answer. */
function namesIn(answer: JSONRPCMessage, member: string): readonly string[] {
  if (!("result" in answer)) throw new Error("the list was refused");
  const entries = answer.result[member] as readonly { readonly name: string }[];
  return entries.map(({ name }) => name);
}

async function listsOf({ request }: RawConnection) {
  return {
    tools: namesIn(await request("tools/list"), "tools"),
    resources: namesIn(await request("resources/list"), "resources"),
    templates: namesIn(await request("resources/templates/list"), "resourceTemplates"),
    prompts: namesIn(await request("prompts/list"), "prompts"),
  };
}

async function connected(server: McpServer, token?: string): Promise<RawConnection> {
  const connection = await connectRaw(server);
  await connection.request("initialize", initializeParams(token));
  return connection;
}

const EVERYTHING = {
  tools: ["read", "admin_delete", "asked"],
  resources: ["db://public/a", "db://secret/a"],
  templates: ["db://public/{id}", "db://secret/{id}"],
  prompts: ["secret", "greeting"],
};
const OPEN_ONES = {
  tools: ["read"],
  resources: ["db://public/a"],
  templates: ["db://public/{id}"],
  prompts: ["greeting"],
};

describe("hideDenied", () => {
  const attested = (
    options: { hideDenied?: boolean },
    verifying: Partial<AttestationVerifierOptions> = {},
  ) => {
    const issuer = new Issuer();
    const verifier = issuer.verifier({ policy: "optional", ...verifying });
    return { issuer, server: attestServer(existingServer(), { verifier, rules: RULES, ...options }) };
  };

  test("leaves out of every list what the rules keep from the caller", async () => {
    const { issuer, server } = attested({ hideDenied: true });
    const token = await issuer.token({ metadata: enterprise });
    expect(await listsOf(await connected(server, token))).toEqual(OPEN_ONES);
  });

  test("shows an agent all that it may use, and nobody what is for attested agents", async () => {
    const trusted = attested({ hideDenied: true });
    const token = await trusted.issuer.token();
    expect(await listsOf(await connected(trusted.server, token))).toEqual({
      ...EVERYTHING,
      tools: ["read", "admin_delete"],
    });
    expect(await listsOf(await connected(attested({ hideDenied: true }).server))).toEqual(OPEN_ONES);
  });

  test("is off by default", async () => {
    expect(await listsOf(await connected(attested({}).server))).toEqual(EVERYTHING);
  });

  test("must be true or false", () => {
    const verifier = new Issuer().verifier();
    expect(() => attestServer(existingServer(), { verifier, hideDenied: "yes" as never })).toThrow(
      /hideDenied/,
    );
  });
});
