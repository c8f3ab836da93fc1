import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  exchange,
  githubActions,
  gitlab,
  kubernetes,
  type SubjectTokenSource,
  TokenSourceError,
  workload,
} from "../../src/tokens.js";
import { AUDIENCE } from "../support/agent.ts";
import { type IssuerProgram, rule, startIssuer } from "./support/issuer-program.ts";
import {
  githubClaims,
  gitlabClaims,
  kubernetesClaims,
  type Platform,
  startPlatform,
} from "./support/platform.ts";

const REQUEST_TOKEN = "a-runner's-own-token";

/** GitHub, with the token service that its runners name: `GET <url>&audience=…` answers `{ value }`. */
let github: Platform;
let githubRequests: IncomingMessage[] = [];
/** Answers in place of the token service, where it is set. */
let instead: { readonly status: number; readonly body: string } | undefined;
let gitlabServer: Platform;
let cluster: Platform;
let issuer: IssuerProgram;
let folder: string;
beforeAll(async () => {
  github = await startPlatform((request, response) => {
    githubRequests.push(request);
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    const isAllowed = request.headers.authorization?.toLowerCase() === `bearer ${REQUEST_TOKEN}`;
    if (instead !== undefined) response.writeHead(instead.status).end(instead.body);
    else if (pathname !== "/abc//idtoken/1" || searchParams.get("api-version") !== "2.0")
      response.writeHead(404).end();
    else if (!isAllowed) response.writeHead(401).end();
    else {
      const value = github.token(githubClaims(github.issuer, searchParams.get("audience") ?? ""));
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ count: value.length, value }));
    }
  });
  [gitlabServer, cluster] = await Promise.all([startPlatform(), startPlatform()]);
  issuer = await startIssuer((audience) => {
    const at = (platform: Platform) => ({ issuer: platform.issuer, audience, allowInsecure: "loopback" });
    return {
      platforms: {
        github: { type: "github", ...at(github) },
        gitlab: { type: "gitlab", ...at(gitlabServer) },
        cluster: { type: "kubernetes", ...at(cluster) },
      },
      rules: [
        rule("release bot", "github", { repository_owner_id: "65", repository_id: "74" }),
        rule("pipeline", "gitlab", { namespace_id: "72", project_id: "20", ref_protected: "true" }),
        rule("support", "cluster", { sub: "system:serviceaccount:agents:support" }),
        rule("sales", "cluster", { sub: "system:serviceaccount:agents:sales" }),
      ],
    };
  });
});
afterAll(async () => {
  await issuer.close();
  for (const platform of [github, gitlabServer, cluster]) platform.close();
});

/** Variables that tell of the machine that the tests run on, which may be one of these platforms. */
const MARKS = [
  "GITHUB_ACTIONS",
  "GITLAB_CI",
  "KUBERNETES_SERVICE_HOST",
  "ACTIONS_ID_TOKEN_REQUEST_URL",
  "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
  "ATTEST_ID_TOKEN",
];
beforeEach(() => {
  for (const name of MARKS) vi.stubEnv(name, undefined);
  githubRequests = [];
  instead = undefined;
  folder = mkdtempSync(join(tmpdir(), "attest-platforms-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Sets what the runner sets in a job with `id-token: write`. */
function inGitHubActions(): void {
  vi.stubEnv("GITHUB_ACTIONS", "true");
  vi.stubEnv("ACTIONS_ID_TOKEN_REQUEST_URL", `${github.issuer}/abc//idtoken/1?api-version=2.0`);
  vi.stubEnv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN);
}

/** Exchanges a platform's token at the real issuer, and returns the rule that allowed it. */
async function ruleFor(subjectToken: SubjectTokenSource): Promise<unknown> {
  const getToken = exchange({ url: issuer.origin, subjectToken, allowInsecure: "loopback" });
  const before = issuer.events.length;
  expect(await getToken({ audience: AUDIENCE })).toMatch(/^ey/);
  const issued = () =>
    issuer.events.slice(before).find(({ type }) => type === "attestation_issued")?.["rule"];
  await expect.poll(issued).toBeDefined();
  return issued();
}

async function failureOf(source: SubjectTokenSource): Promise<string> {
  const error: unknown = await Promise.resolve(source()).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TokenSourceError);
  return (error as TokenSourceError).message;
}

describe("githubActions", () => {
  const own = () => githubActions({ audience: issuer.origin, allowInsecure: "loopback" });

  test("gets the job's token from the runner's service, for the issuer", async () => {
    inGitHubActions();
    expect(await ruleFor(own())).toBe("release bot");
    expect(githubRequests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `GET /abc//idtoken/1?api-version=2.0&audience=${encodeURIComponent(issuer.origin)}`,
    ]);
  });

  test.each(["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"])(
    "says which permission the job lacks where %s is not set",
    async (name) => {
      inGitHubActions();
      vi.stubEnv(name, undefined);
      expect(await failureOf(own())).toMatch(
        new RegExp(`${name} is not set: .*permissions: \\{ id-token: write \\}`),
      );
    },
  );

  test("sends the runner's token nowhere but over https", async () => {
    inGitHubActions();
    expect(await failureOf(githubActions({ audience: issuer.origin }))).toMatch(/REQUEST_URL must be https/);
    vi.stubEnv("ACTIONS_ID_TOKEN_REQUEST_URL", "nowhere");
    expect(await failureOf(own())).toMatch(/must be an absolute URL/);
    expect(githubRequests).toEqual([]);
  });

  test("says what to do where the service refuses, and repeats no secret", async () => {
    inGitHubActions();
    vi.stubEnv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "another");
    expect(await failureOf(own())).toMatch(/answered with status 401: give the job `permissions/);
    vi.stubEnv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "secret\nhost: evil");
    const message = await failureOf(own());
    expect(message).toMatch(/REQUEST_TOKEN has characters that no token has/);
    expect(message).not.toContain("secret");
  });

  test.each([
    [{ status: 500, body: "secret" }, /status 500$/],
    [{ status: 200, body: "<html>secret" }, /gave undefined instead of a token/],
    [{ status: 200, body: '{"value":"secret"}' }, /gave no JWT/],
    [{ status: 302, body: "" }, /redirect/],
  ])("takes no token out of %j", async (answer, message) => {
    inGitHubActions();
    instead = answer;
    const said = await failureOf(own());
    expect(said).toMatch(message);
    expect(said).not.toContain("secret");
  });

  test("needs an audience", () => {
    expect(() => githubActions({} as never)).toThrow(/audience must be a non-empty string/);
  });
});

describe("gitlab", () => {
  test("takes the job's token from the variable that its id_tokens names", async () => {
    const token = gitlabServer.token(gitlabClaims(gitlabServer.issuer, issuer.origin));
    vi.stubEnv("ATTEST_ID_TOKEN", token);
    vi.stubEnv("OTHER", token);
    expect(await ruleFor(gitlab())).toBe("pipeline");
    expect(await ruleFor(gitlab({ variable: "OTHER" }))).toBe("pipeline");
  });

  test("says how a job gets the variable", async () => {
    vi.stubEnv("OTHER", undefined);
    expect(await failureOf(gitlab({ variable: "OTHER" }))).toMatch(
      /OTHER is not set: give the job `id_tokens: \{ OTHER: \{ aud: <the issuer> \} \}`/,
    );
    vi.stubEnv("OTHER", "secret");
    expect(await failureOf(gitlab({ variable: "OTHER" }))).toBe(
      'gitlab: the variable OTHER gave no JWT: a JWT has three parts of letters, digits, "-" and "_", with dots between them',
    );
  });

  test("does not repeat a token that was given in place of the variable's name", () => {
    expect(() => gitlab({ variable: "eyJ.secret.x" })).toThrow(
      /^variable must be the name of an environment variable, got string$/,
    );
  });
});

describe("kubernetes", () => {
  const tokenOf = (name: string) => cluster.token(kubernetesClaims(cluster.issuer, issuer.origin, name));

  /** Replaces the token as the kubelet does: the mounted name is a link through `..data`, which is swapped as a whole. */
  function mount(version: string, token: string): string {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, "token"), token);
    symlinkSync(version, join(folder, "..data_tmp"));
    renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
    return join(folder, "..data/token");
  }

  test("takes the token that is mounted now, each time", async () => {
    const path = mount("..1", tokenOf("support"));
    const source = kubernetes({ path });
    expect(await ruleFor(source)).toBe("support");
    mount("..2", `${tokenOf("sales")}\n`);
    expect(await ruleFor(source)).toBe("sales");
  });

  test("says how a token is mounted where there is none", async () => {
    expect(await failureOf(kubernetes())).toMatch(
      /\/var\/run\/secrets\/attest\/token cannot be read \(ENOENT\): mount a projected volume there/,
    );
  });

  test.each([
    ["nothing", "", /it is empty/],
    ["what is no token", "secret", /gave no JWT/],
    ["more than a token can be", "secret".repeat(100_000), /longer than 16384/],
  ])("gives nothing of a file that holds %s", async (_, content, message) => {
    const path = join(folder, "token");
    writeFileSync(path, content);
    const said = await failureOf(kubernetes({ path }));
    expect(said).toMatch(message);
    expect(said).not.toContain("secret");
  });

  test("takes no folder for a file", async () => {
    expect(await failureOf(kubernetes({ path: folder }))).toMatch(/\(EISDIR\): it must be a file/);
  });
});

describe("workload", () => {
  const find = (path = join(folder, "token")) =>
    workload({ audience: issuer.origin, path, allowInsecure: "loopback" });

  test("says what it looked for where it finds no platform", () => {
    const attempt = () => workload({ audience: issuer.origin, path: join(folder, "token") });
    expect(attempt).toThrow(TokenSourceError);
    expect(attempt).toThrow(
      /GITHUB_ACTIONS and GITLAB_CI are not "true", KUBERNETES_SERVICE_HOST is not set, and there is no file .*token; give a subjectToken of your own/,
    );
  });

  test("finds GitHub Actions, and its token", async () => {
    inGitHubActions();
    expect(find().platform).toBe("github-actions");
    expect(await ruleFor(find())).toBe("release bot");
  });

  test("finds GitLab CI, and its token", async () => {
    vi.stubEnv("GITLAB_CI", "true");
    vi.stubEnv("ATTEST_ID_TOKEN", gitlabServer.token(gitlabClaims(gitlabServer.issuer, issuer.origin)));
    expect(find().platform).toBe("gitlab");
    expect(await ruleFor(find())).toBe("pipeline");
  });

  test("finds Kubernetes by its variable or by the token's file, and its token", async () => {
    vi.stubEnv("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    expect(find().platform).toBe("kubernetes");
    vi.stubEnv("KUBERNETES_SERVICE_HOST", undefined);
    writeFileSync(join(folder, "token"), cluster.token(kubernetesClaims(cluster.issuer, issuer.origin)));
    expect(find().platform).toBe("kubernetes");
    expect(await ruleFor(find())).toBe("support");
  });

  test("never gives a CI job the identity of the pod that it runs in", async () => {
    writeFileSync(join(folder, "token"), cluster.token(kubernetesClaims(cluster.issuer, issuer.origin)));
    vi.stubEnv("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    vi.stubEnv("GITHUB_ACTIONS", "true");
    expect(await failureOf(find())).toMatch(/id-token: write/);
  });

  test("needs an audience", () => {
    expect(() => workload({} as never)).toThrow(/audience must be a non-empty string/);
  });
});
