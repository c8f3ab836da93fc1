import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AttestationVerifier, decodeToken, KeyPair } from "@attest/core";
import { HTTPKeyResolver } from "@attest/jwks";
import { describe, expect, onTestFinished, test } from "vitest";
import { API_KEY, attest, spawnProvider, startProvider } from "./support/demo-provider.js";

const ADMIN_KEY = "an-admin-key-for-tests";
const AUDIENCE = "https://server.example";

interface Rotation {
  readonly kid: string;
  readonly nextKid: string;
  readonly retired: readonly { readonly kid: string; readonly publishedUntil: number }[];
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "demo-provider-keys-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

function rotate(origin: string, headers: Record<string, string> = { authorization: `Bearer ${ADMIN_KEY}` }) {
  return fetch(`${origin}/v1/keys/rotate`, { method: "POST", headers });
}

async function published(origin: string): Promise<string[]> {
  const response = await fetch(`${origin}/.well-known/jwks.json`);
  return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
}

async function mint(origin: string): Promise<string> {
  return ((await (await attest(origin, { audience: AUDIENCE })).json()) as { token: string }).token;
}

const signedBy = async (origin: string) => decodeToken(await mint(origin)).header.kid;

describe("POST /v1/keys/rotate", () => {
  test("signs with the announced key, announces another and keeps the old one published", async () => {
    const { origin } = await startProvider({ ADMIN_KEY });
    const [current = "", next = "", ...others] = await published(origin);
    expect(others).toEqual([]);
    expect(await signedBy(origin)).toBe(current);

    const response = await rotate(origin);
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const { kid, nextKid, retired } = (await response.json()) as Rotation;
    expect(kid).toBe(next);
    expect(retired).toEqual([{ kid: current, publishedUntil: expect.closeTo(Date.now() / 1000 + 930, -1) }]);
    expect(await signedBy(origin)).toBe(next);
    expect(await published(origin)).toEqual([next, nextKid, current]);
  });

  test("answers 409, and changes nothing, when verifiers would refuse a key set that long", async () => {
    const { origin } = await startProvider({ ADMIN_KEY });
    let response = await rotate(origin);
    while (response.status === 200) {
      await response.arrayBuffer();
      response = await rotate(origin);
    }
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ error: "too_many_keys" });
    const keys = await published(origin);
    expect(keys).toHaveLength(100);
    expect(keys).toContain(await signedBy(origin));
  });

  test("is not there without an admin key, for nobody", async () => {
    const { origin } = await startProvider();
    for (const headers of [{}, { authorization: `Bearer ${API_KEY}` }, { authorization: "Bearer " }])
      expect((await rotate(origin, headers as Record<string, string>)).status).toBe(404);
    expect(await published(origin)).toHaveLength(1);
  });

  test("answers 401 to everybody else, the agents included, and changes nothing", async () => {
    const { origin } = await startProvider({ ADMIN_KEY });
    const before = await published(origin);
    for (const authorization of [
      undefined,
      `Bearer ${API_KEY}`,
      `Bearer ${ADMIN_KEY}x`,
      `Basic ${ADMIN_KEY}`,
    ]) {
      const response = await rotate(origin, authorization === undefined ? {} : { authorization });
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ error: "unauthorized" });
    }
    expect((await fetch(`${origin}/v1/keys/rotate`)).status).toBe(405);
    expect(await published(origin)).toEqual(before);
  });

  test("five times under load refuses no honest token", async () => {
    const { origin } = await startProvider({ ADMIN_KEY });
    const keyResolver = new HTTPKeyResolver({ allowInsecure: "loopback", unknownKeyCooldownSeconds: 0.2 });
    onTestFinished(() => keyResolver.close());
    const verifier = new AttestationVerifier({
      trustedIssuers: [{ issuer: origin, trustDomains: ["provider.example"] }],
      keyResolver,
      audience: AUDIENCE,
    });
    let isOver = false;
    const refused: unknown[] = [];
    const kids = new Set<string>();
    const held: string[] = [];
    const agents = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const [now, later] = [await mint(origin), await mint(origin)];
        held.push(later);
        kids.add(decodeToken(now).header.kid);
        const result = await verifier.verify(now);
        if (!result.verified) refused.push(result.errorCode);
      }
    });
    for (let rotation = 0; rotation < 5; rotation++) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect((await rotate(origin)).status).toBe(200);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    isOver = true;
    await Promise.all(agents);
    for (const token of held) {
      const result = await verifier.verify(token);
      if (!result.verified) refused.push(result.errorCode);
    }
    expect(refused).toEqual([]);
    expect(kids.size).toBe(6);
    expect(held.length).toBeGreaterThan(20);
  });
});

describe("KEYS_FILE", () => {
  test("keeps the keys through restarts and rotations, for the owner's eyes only", async () => {
    const path = await folder();
    const environment = { ADMIN_KEY, KEYS_FILE: join(path, "keys.json") };
    const first = await startProvider(environment);
    await rotate(first.origin);
    const [before, token] = [await published(first.origin), await mint(first.origin)];
    expect(before).toHaveLength(3);
    first.process.kill("SIGKILL");
    await first.exit;
    expect((await stat(environment.KEYS_FILE)).mode & 0o777).toBe(0o600);
    expect(await readdir(path)).toEqual(["keys.json"]);

    const second = await startProvider(environment);
    expect(await published(second.origin)).toEqual(before);
    expect(await signedBy(second.origin)).toBe(decodeToken(token).header.kid);
    await rotate(second.origin);
    expect(await published(second.origin)).toEqual([before[1], expect.any(String), before[0], before[2]]);
    expect((await stat(environment.KEYS_FILE)).mode & 0o777).toBe(0o600);
  });

  test("is needed for nothing but rotation by hand: without an admin key it keeps one key", async () => {
    const KEYS_FILE = join(await folder(), "keys.json");
    const first = await startProvider({ KEYS_FILE });
    const before = await published(first.origin);
    expect(before).toHaveLength(1);
    expect(await published((await startProvider({ KEYS_FILE })).origin)).toEqual(before);
  });

  test("that cannot be written any more fails the rotation, 500, and changes nothing", async () => {
    const path = await folder();
    const keys = join(path, "keys");
    await mkdir(keys);
    const { origin } = await startProvider({ ADMIN_KEY, KEYS_FILE: join(keys, "keys.json") });
    const before = await published(origin);
    await rm(keys, { recursive: true });
    const response = await rotate(origin);
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ error: "internal_error" });
    expect(await published(origin)).toEqual(before);
    expect(await signedBy(origin)).toBe(before[0]);
  });

  test("that others may read, or that is none, stops the start with a line that shows nothing of it", async () => {
    const path = await folder();
    const KEYS_FILE = join(path, "keys.json");
    await startProvider({ KEYS_FILE });
    const secret = (JSON.parse(await readFile(KEYS_FILE, "utf8")) as { current: { d: string } }).current.d;
    await chmod(KEYS_FILE, 0o640);
    expect(await spawnProvider({ KEYS_FILE }).exit).toMatchObject({
      code: 1,
      stderr: "demo-provider: KEYS_FILE holds private keys and others may read it; chmod 600 it\n",
    });
    await chmod(KEYS_FILE, 0o600);
    const keyPair = KeyPair.generate();
    const broken = { ...keyPair.toPrivateJwk(), x: KeyPair.generate().toJwk().x };
    for (const content of ["", "{", "[]", JSON.stringify({ current: { d: secret }, previous: [] })]) {
      await writeFile(KEYS_FILE, content);
      const { code, stderr } = await spawnProvider({ KEYS_FILE }).exit;
      expect(code).toBe(1);
      expect(stderr).toMatch(/^demo-provider: KEYS_FILE is not a file of keys [^\n]*\n$/);
      expect(stderr).not.toContain(secret);
    }
    await writeFile(KEYS_FILE, JSON.stringify({ current: broken, previous: [] }));
    expect((await spawnProvider({ KEYS_FILE }).exit).stderr).toContain("KEYS_FILE is not a file of keys");
  });
});
