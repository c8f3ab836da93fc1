import { spawnSync } from "node:child_process";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { AttestationErrorCode } from "@attest/core";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import * as client from "../../src/index.js";
import {
  AttestationRejectedError,
  AttestingClientSession,
  adviceFor,
  UnverifiedServerError,
} from "../../src/index.js";
import { clientInfo, Provider } from "../support/agent.ts";

interface ErrorClass {
  readonly prototype: unknown;
  new (code: unknown): Error;
  [Symbol.hasInstance](value: unknown): boolean;
}

/** Every class of errors that the package exports. */
const errorClasses = Object.entries(client as unknown as Readonly<Record<string, ErrorClass>>).filter(
  ([, value]) => typeof value === "function" && value.prototype instanceof Error,
);

const made: Readonly<Record<string, Error>> = {
  AttestationRejectedError: new AttestationRejectedError(1001, { policy: "required" }),
  UnverifiedServerError: new UnverifiedServerError("failed"),
};

describe("every exported error", () => {
  /** The package as another copy of it is loaded, with the errors that its classes make. */
  let other: Readonly<Record<string, ErrorClass>>;

  beforeAll(async () => {
    const packageFolder = new URL("../../", import.meta.url);
    const folder = await mkdtemp(join(tmpdir(), "attest-copy-"));
    await cp(new URL("dist/", packageFolder), join(folder, "dist"), { recursive: true });
    await cp(new URL("src/", packageFolder), join(folder, "src"), { recursive: true });
    await cp(new URL("package.json", packageFolder), join(folder, "package.json"));
    await symlink(fileURLToPath(new URL("node_modules/", packageFolder)), join(folder, "node_modules"));
    other = await import(/* @vite-ignore */ pathToFileURL(join(folder, "dist/index.js")).href);
    return () => rm(folder, { recursive: true });
  });

  test("is among those that are made here", () => {
    expect(errorClasses.map(([name]) => name).sort()).toEqual(Object.keys(made).sort());
  });

  test.each(errorClasses)("%s is an instance of its class in any copy of the package", (name, ownClass) => {
    const OtherClass = other[name] as ErrorClass;
    expect(OtherClass).not.toBe(ownClass);
    const error = made[name];
    expect(error instanceof ownClass).toBe(true);
    expect(error instanceof OtherClass).toBe(true);
    expect(new OtherClass(1001) instanceof ownClass).toBe(true);
  });

  test.each(errorClasses)("%s is nothing but itself, and named after its class", (name, ownClass) => {
    for (const [otherName, error] of Object.entries(made)) {
      expect(error instanceof ownClass).toBe(otherName === name);
      if (otherName === name) expect(error.name).toBe(name);
    }
    for (const nothing of [undefined, null, "text", {}, new Error("x"), Object.create(null)]) {
      expect((nothing as unknown) instanceof ownClass).toBe(false);
    }
  });

  test("tells a derived class from its parent", () => {
    class Derived extends AttestationRejectedError {}
    expect(new Derived(1001) instanceof Derived).toBe(true);
    expect(new Derived(1001) instanceof AttestationRejectedError).toBe(true);
    expect(made["AttestationRejectedError"] instanceof Derived).toBe(false);
  });
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

describe("adviceFor", () => {
  test.each(Object.entries(AttestationErrorCode))(
    "says in a sentence what can be done about %s",
    (_, code) => {
      expect(adviceFor(code)).toMatch(/^[A-Z].+\.$/);
    },
  );

  test.each([0, 1000, 1014, "toString", undefined])(
    "throws a RangeError for %s, which is no code",
    (code) => {
      expect(() => adviceFor(code as never)).toThrow(RangeError);
    },
  );
});
