import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runIssuer } from "../src/service/run-issuer.js";
import { exchangeForm, plainClaims, plainPolicy } from "./support/issuing.ts";
import { startPlatform } from "./support/platform-server.ts";
import { Recorder } from "./support/recorder.ts";
import { files, MAIN, start } from "./support/running.ts";
import { signingKey } from "./support/signing-key.ts";

const key = await signingKey();
const IDP = "https://idp.corp.example";
const isPosix = process.platform !== "win32";

function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}

const now = () => Math.floor(Date.now() / 1000);

/** A platform, an issuer's files that trust it, and the program. */
async function running() {
  const platform = await startPlatform(key);
  const made = files();
  made.write(plainPolicy(platform.issuer));
  const program = await start(made.config);
  const exchange = async (changes: object = {}) => {
    const token = await key.sign(plainClaims(platform.issuer, now(), changes));
    return fetch(`${program.origin}/token`, { method: "POST", body: exchangeForm(token) });
  };
  const types = () => program.events.map(({ type }) => type);
  return { ...made, ...program, platform, exchange, types };
}

describe("the program", { timeout: 60_000 }, () => {
  test("exchanges tokens, and writes each event as a line of JSON without a token or key in it", async () => {
    const { exchange, events, types, keys } = await running();
    const response = await exchange();
    expect(response.status).toBe(200);
    const { access_token } = (await response.json()) as { access_token: string };
    expect((await exchange({ sub: "other" })).status).toBe(400);
    await expect
      .poll(types)
      .toEqual(["policy_loaded", "key_set_fetched", "attestation_issued", "attestation_refused"]);
    const log = JSON.stringify(events);
    const { current } = JSON.parse(readFileSync(keys, "utf8"));
    for (const secret of [access_token, access_token.split(".")[1] ?? "", current.d])
      expect(log).not.toContain(secret);
  });

  test.runIf(isPosix)(
    "makes its keys for the owner's eyes only (0600), and has the same after a restart",
    async () => {
      const made = files();
      made.write(plainPolicy(IDP));
      const kidOf = async (origin: string) => {
        const response = await fetch(`${origin}/.well-known/jwks.json`);
        return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
      };
      const first = await start(made.config);
      const before = await kidOf(first.origin);
      expect(before).toHaveLength(2);
      expect(statSync(made.keys).mode & 0o777).toBe(0o600);
      first.process.kill("SIGTERM");
      expect(await first.exited).toBe(0);
      const second = await start(made.config);
      expect(await kidOf(second.origin)).toEqual(before);
    },
  );

  test("signs with the announced key after --rotate, without a restart, and keeps the old one published", async () => {
    const { exchange, origin, config, events, keys, types } = await running();
    const keysNow = async () => {
      const response = await fetch(`${origin}/.well-known/jwks.json`);
      return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
    };
    const [current, next] = await keysNow();
    expect(JSON.parse(run("--config", config, "--rotate").stdout)).toEqual({ kid: next });
    await expect.poll(keysNow, { timeout: 10_000 }).toHaveLength(3);
    expect(events).toContainEqual(expect.objectContaining({ type: "keys_loaded", kid: next }));
    const [signing, , retired] = await keysNow();
    expect([signing, retired]).toEqual([next, current]);
    const { access_token } = (await (await exchange()).json()) as { access_token: string };
    const header = JSON.parse(Buffer.from(access_token.split(".")[0] ?? "", "base64url").toString());
    expect(header.kid).toBe(next);
    writeFileSync(keys, "{");
    await expect.poll(types, { timeout: 10_000 }).toContain("keys_refused");
    expect((await exchange()).status).toBe(200);
  });

  test("reads its policy again when the file changes, by a link too, and keeps the old one when it is wrong", async () => {
    const { exchange, config, folder, write, platform, types, events } = await running();
    writeFileSync(config, "rules: [");
    await expect.poll(types, { timeout: 10_000 }).toContain("policy_refused");
    expect((await exchange()).status).toBe(200);
    write(plainPolicy(platform.issuer), { listen: "127.0.0.1:1" });
    await expect
      .poll(() => JSON.stringify(events), { timeout: 10_000 })
      .toContain("a new listen takes effect at a restart");
    write(plainPolicy(platform.issuer, { claims: { sub: "other" } }));
    await expect.poll(async () => (await exchange()).status, { timeout: 10_000 }).toBe(400);
    const target = join(folder, "mounted.yaml");
    renameSync(config, target);
    writeFileSync(target, readFileSync(target, "utf8").replace('"other"', '"support"'));
    symlinkSync(target, config);
    await expect.poll(async () => (await exchange()).status, { timeout: 10_000 }).toBe(200);
  });

  test.runIf(isPosix)("reads its files again on SIGHUP, changed or not", async () => {
    const { exchange, process: child, types } = await running();
    child.kill("SIGHUP");
    await expect.poll(types, { timeout: 10_000 }).toEqual(["policy_loaded", "policy_loaded", "keys_loaded"]);
    expect((await exchange()).status).toBe(200);
  });

  test.runIf(isPosix)("answers what is under way before it ends, on SIGTERM", async () => {
    const { exchange, platform, process: child, exited } = await running();
    let release = (): void => undefined;
    platform.instead = (_request, response) => {
      release = () =>
        response
          .writeHead(200)
          .end(JSON.stringify({ issuer: platform.issuer, jwks_uri: `${platform.issuer}/openid/v1/jwks` }));
    };
    const underWay = exchange();
    await expect.poll(() => platform.requests.length).toBe(1);
    child.kill("SIGTERM");
    platform.instead = undefined;
    release();
    expect((await underWay).status).toBe(200);
    expect(await exited).toBe(0);
  });

  test("answers a body that is too long, whether its length is told or not, and serves on", async () => {
    const { origin, exchange } = await running();
    const long = "x".repeat(200_000);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const told = await fetch(`${origin}/token`, { method: "POST", headers, body: long });
    expect(told.status).toBe(413);
    expect((await exchange()).status).toBe(200);
  });

  test("does not go by the Host header, and stands what is no request", async () => {
    const { origin, exchange } = await running();
    const raw = (text: string) =>
      new Promise<string>((resolve) => {
        let answer = "";
        const socket = connect(Number(new URL(origin).port), "127.0.0.1", () => socket.end(text));
        socket.on("data", (bytes) => {
          answer += bytes;
        });
        socket.on("close", () => resolve(answer));
        socket.on("error", () => resolve(answer));
      });
    expect(
      await raw(
        "GET /.well-known/openid-configuration HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
      ),
    ).toContain('"token_endpoint":"https://attest.corp.example/token"');
    for (const target of ["//", "http://[", "//evil.example/token", "*"])
      expect(await raw(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)).toMatch(
        /^HTTP\/1\.1 4\d\d/,
      );
    expect((await exchange()).status).toBe(200);
  });
});

describe("--explain", () => {
  test("says which rule allows a token, with exit code 0, or why none does, with 3", async () => {
    const made = files();
    made.write(plainPolicy(IDP));
    const file = join(made.folder, "token.jwt");
    writeFileSync(file, `${await key.sign(plainClaims(IDP, now()))}\n`);
    const allowed = run("--config", made.config, "--explain", file);
    expect(allowed).toMatchObject({ status: 0, stderr: "" });
    expect(JSON.parse(allowed.stdout)).toMatchObject({ allowed: true, rule: "support agent" });
    writeFileSync(file, await key.sign(plainClaims(IDP, now(), { sub: "other" })));
    const refused = run("--config", made.config, "--explain", file);
    expect(refused.status).toBe(3);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      allowed: false,
      rules: [{ rule: "support agent", problems: ['sub is "other", and not "support"'] }],
    });
  });
});

describe("a start that fails says why:", () => {
  test.each<[string, (made: ReturnType<typeof files>) => void, RegExp]>([
    ["no config file", () => undefined, /^the config file cannot be read \(ENOENT\)$/],
    ["a config that is no YAML", ({ config }) => writeFileSync(config, "a: ["), /^the policy is not YAML/],
    [
      "a misspelt member",
      ({ write }) => write(plainPolicy(IDP), { isuer: "a" }),
      /isuer is not a known member; did you mean "issuer"/,
    ],
    ["no keys", ({ write }) => write(plainPolicy(IDP), { keys: undefined }), /keys is missing/],
    ["a wrong policy", ({ write }) => write({ platforms: {}, rules: {} }), /rules must be a list/],
    [
      "a wrong trust domain",
      ({ write }) => write(plainPolicy(IDP), { trustDomain: "https://a" }),
      /trustDomain must be/,
    ],
    [
      "an address of others",
      ({ write }) => write(plainPolicy(IDP), { listen: "192.0.2.1:1" }),
      /cannot be listened on/,
    ],
    [
      "a keys file that is none",
      ({ write, keys }) => {
        write(plainPolicy(IDP));
        writeFileSync(keys, '{"current":{"d":"secret"}}', { mode: 0o600 });
      },
      /^the keys file is none that this issuer wrote; restore it, or move it away$/,
    ],
    [
      "keys in a folder that is not there",
      ({ write, keys }) => write(plainPolicy(IDP), { keys: { file: `${keys}/none/keys.json` } }),
      /the keys file cannot be (?:read|written)/,
    ],
  ])("%s", async (_what, prepare, problem) => {
    const made = files();
    prepare(made);
    const message = await runIssuer({ config: made.config, observer: new Recorder() }).then(
      () => "it started",
      (error: Error) => error.message,
    );
    expect(message).toMatch(problem);
    expect(message).not.toContain("secret");
  });

  test("in one line on stderr, with exit code 1", () => {
    expect(run("--config", "/none")).toEqual({
      status: 1,
      stdout: "",
      stderr: "issuer: the config file cannot be read (ENOENT)\n",
    });
  });

  test.runIf(isPosix)("a keys file that others may read", () => {
    const made = files();
    made.write(plainPolicy(IDP));
    expect(run("--config", made.config, "--rotate").status).toBe(0);
    chmodSync(made.keys, 0o640);
    expect(run("--config", made.config).stderr).toContain("chmod 600 it");
  });

  test("arguments that are none", () => {
    expect(run().stderr).toContain("usage:");
    expect(run("--confgi", "a").stderr).toContain("Unknown option");
  });
});
