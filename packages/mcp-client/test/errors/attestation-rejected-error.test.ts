import { spawnSync } from "node:child_process";
import { inspect } from "node:util";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, onTestFinished, test } from "vitest";
import { describeErrorClasses } from "../../../../test-support/error-classes.ts";
import * as client from "../../src/index.js";
import { AttestationRejectedError, AttestingClientSession, adviceFor } from "../../src/index.js";
import { clientInfo, Provider } from "../support/agent.ts";

describeErrorClasses({
  exported: client,
  packageFolder: new URL("../../", import.meta.url),
  samples: { AttestationRejectedError: [1001, { policy: "required" }], UnverifiedServerError: ["failed"] },
});

/** A session with a server that answers `initialize` with this error; what connecting to it rejects with. */
async function refusedWith(error: (token: string) => object): Promise<{ refusal: unknown; token: string }> {
  const [transport, server] = InMemoryTransport.createLinkedPair();
  const token = await new Provider().token();
  server.onmessage = (message) => {
    if (!("id" in message)) return;
    void server.send({ jsonrpc: "2.0", id: message.id, error: error(token) } as JSONRPCMessage);
  };
  await server.start();
  const session = new AttestingClientSession(clientInfo, { getToken: () => token });
  const refusal: unknown = await session.connect(transport).catch((reason: unknown) => reason);
  return { refusal, token };
}

const data = { policy: "required", trusted_issuers: ["https://a.example"], required_claims: [] };

describe("AttestationRejectedError", () => {
  test.each([
    ["in the message", (token: string) => ({ code: 1003, message: `bad \u001b[31m${token}\u0007`, data })],
    [
      "in data",
      (token: string) => ({ code: 1003, message: "no", data: { ...data, "\u001b]0;": token, token } }),
    ],
    ["as data", (token: string) => ({ code: 1003, message: "no", data: token })],
    [
      "among the issuers, cut in two",
      (token: string) => ({
        code: 1004,
        message: "no",
        data: { ...data, trusted_issuers: [`\u009b31m${token.slice(0, 40)}`, token.slice(40)] },
      }),
    ],
  ])("prints no control characters and no token that a server echoed %s", async (_, error) => {
    const { refusal, token } = await refusedWith(error);
    expect(refusal).toBeInstanceOf(AttestationRejectedError);
    const { stack, message } = refusal as AttestationRejectedError;
    const printed = [
      inspect(refusal, { depth: 20 }),
      JSON.stringify(refusal),
      String(refusal),
      String(stack),
      message,
    ];
    for (const text of printed) {
      for (const line of text.split("\n")) expect(line).not.toMatch(/\p{Cc}/u);
      for (const part of token.split(".")) expect(text).not.toContain(part.slice(0, 30));
    }
    expect(printed[0]).toContain("AttestationRejectedError");
    expect(printed[0]).toContain("advice");
  });

  test("prints nothing of it with console.error in a process of its own", async () => {
    const { token } = await refusedWith(() => ({ code: 1003, message: "" }));
    const entry = new URL("../../dist/index.js", import.meta.url).href;
    const script = `import { AttestationRejectedError } from ${JSON.stringify(entry)};
      console.error(new AttestationRejectedError(1003, { token: process.env.TOKEN, "\\u001b": 1 }));
      throw new AttestationRejectedError(1003, { token: process.env.TOKEN });`;
    const { stderr, status } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      env: { TOKEN: token },
      encoding: "utf8",
    });
    expect(status).toBe(1);
    expect(stderr.match(/The attestation token's signature is invalid/g)?.length).toBeGreaterThanOrEqual(2);
    expect(stderr).not.toContain(token.slice(0, 30));
    expect(stderr).not.toContain("\u001b");
  });

  test("has the server's data as it came, for programs that look at it", async () => {
    const { refusal } = await refusedWith(() => ({
      code: 1005,
      message: "no",
      data: { ...data, audience: ["a"] },
    }));
    expect((refusal as AttestationRejectedError).data).toEqual({ ...data, audience: ["a"] });
    expect(refusal).toMatchObject({ code: 1005, advice: adviceFor(1005) });
  });

  test("is made of a refusal after initialize, and not of a tool's own error with such a code", async () => {
    const [transport, server] = InMemoryTransport.createLinkedPair();
    const answers = [
      { code: 1013, message: "no", data },
      { code: 1013, message: "my own" },
    ];
    server.onmessage = (message) => {
      if (!("id" in message)) return;
      const result = {
        protocolVersion: "2025-11-25",
        capabilities: {},
        serverInfo: { name: "s", version: "1" },
      };
      const isFirst = "method" in message && message.method === "initialize";
      const outcome = isFirst ? { result } : { error: answers.shift() };
      void server.send({ jsonrpc: "2.0", id: message.id, ...outcome } as JSONRPCMessage);
    };
    await server.start();
    const session = new AttestingClientSession(clientInfo, { getToken: () => "a.b.c" });
    onTestFinished(() => session.close());
    await session.connect(transport);
    await expect(session.ping()).rejects.toBeInstanceOf(AttestationRejectedError);
    await expect(session.ping()).rejects.toMatchObject({ name: "McpError", code: 1013 });
  });

  test("is made of known codes only", () => {
    expect(() => new AttestationRejectedError(999 as never, undefined)).toThrow(RangeError);
  });
});
