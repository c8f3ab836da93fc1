import { KeyPair } from "@attest/core";
import { describe, expect, test } from "vitest";
import { readTokenSource } from "../../src/evidence/token-source.js";
import { type CommandOptions, command, TokenSourceError } from "../../src/tokens.js";
import { AUDIENCE, Provider } from "../support/agent.ts";

const TOKEN = "eyJhbGciOiJub25lIn0.eyJzZWNyZXQiOjF9.c2VjcmV0";

/** Returns the options that run a JavaScript program. */
const running = (source: string, ...args: readonly string[]): CommandOptions => ({
  command: process.execPath,
  args: ["--eval", source, "--", ...args],
});

async function failureOf(options: CommandOptions): Promise<string> {
  const error: unknown = await command(options)().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TokenSourceError);
  return (error as TokenSourceError).message;
}

describe("command", () => {
  test("gives what a program writes, without the newline at its end", async () => {
    expect(await command(running(`console.log("${TOKEN}")`))()).toBe(TOKEN);
  });

  test("tells the program for which server the token has to be, and for which key", async () => {
    const claims = "JSON.stringify([process.env.ATTEST_AUDIENCE, process.env.ATTEST_CONFIRMATION_KEY])";
    const source = `console.log("e." + Buffer.from(${claims}).toString("base64url") + ".s")`;
    const said = async (request?: Parameters<ReturnType<typeof command>>[0]) => {
      const [, part = ""] = (await command(running(source))(request)).split(".");
      return JSON.parse(Buffer.from(part, "base64url").toString());
    };
    const confirmationKey = KeyPair.generate().publicKey.toJwk();
    expect(await said({ audience: AUDIENCE, confirmationKey })).toEqual([
      AUDIENCE,
      JSON.stringify(confirmationKey),
    ]);
    expect(await said()).toEqual([null, null]);
  });

  test("is the token source of a client that proves its key", async () => {
    const key = KeyPair.generate();
    const token = await new Provider().token(300, key.publicKey);
    const source = { getToken: command(running(`console.log("${token}")`)), targetAudience: AUDIENCE, key };
    expect(await readTokenSource("a client", source).getToken()).toBe(token);
  });

  test("hands arguments on as they are, past every shell", async () => {
    const argument = `$(touch x); "${TOKEN}"`;
    expect(await command(running(`console.log(process.argv[1].split('"')[1])`, argument))()).toBe(TOKEN);
  });

  test.each([
    ["does not exist", { command: "/nowhere/at/all" }, /cannot be run \(ENOENT\): check command, and PATH/],
    ["fails", running(`console.log("${TOKEN}"); process.exitCode = 3`), /ended with exit code 3: .* stderr/],
    ["is killed", running(`process.kill(process.pid, "SIGTERM")`), /ended with SIGTERM/],
    ["writes nothing", running(""), /it is empty/],
    ["writes something else", running(`console.log("secret")`), /gave no JWT/],
    ["writes two tokens", running(`console.log("${TOKEN}\\n${TOKEN}")`), /gave no JWT/],
    [
      "never stops to write",
      running(`setInterval(() => process.stdout.write("secret".repeat(1000)), 0)`),
      /more than 65536 bytes, and was killed/,
    ],
    [
      "never ends",
      { ...running("setInterval(() => 0, 1000)"), timeoutSeconds: 0.5 },
      /no token within 0\.5 s, and was killed/,
    ],
    [
      "leaves a child behind that holds its output open",
      {
        ...running(
          `require("node:child_process").spawn(process.execPath, ["--eval", "setTimeout(() => 0, 3000)"], { stdio: "inherit" });`,
        ),
        timeoutSeconds: 1,
      },
      /no token within 1 s/,
    ],
  ])("says of a program that %s what is wrong, and nothing that it wrote", async (_, options, message) => {
    const said = await failureOf(options);
    expect(said).toMatch(message);
    for (const part of ["secret", ...TOKEN.split(".")]) expect(said).not.toContain(part);
  });

  test.each([
    ["no command", {}, /command must be a non-empty string/],
    ["one text of arguments", { command: "x", args: "a b" }, /args must be a list/],
    ["an argument that would be cut", { command: "x", args: ["a\0b"] }, /without null characters/],
    ["no time", { command: "x", timeoutSeconds: 0 }, /timeoutSeconds must be a number of seconds/],
    ["a misspelling", { command: "x", arg: [] }, /unknown option "arg"/],
  ])("refuses %s", (_, options, message) => {
    expect(() => command(options as CommandOptions)).toThrow(message);
  });
});
