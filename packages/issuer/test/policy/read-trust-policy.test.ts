import { describe, expect, test } from "vitest";
import { readTrustPolicy, TrustPolicyError } from "../../src/index.js";

const PLATFORM = { issuer: "https://idp.corp.example", audience: "https://attest.corp.example" };
const RULE = {
  name: "support agent",
  from: "corp",
  claims: { sub: "support" },
  agent: { modelFamily: "claude-4", modelVersion: "claude-sonnet-4", provider: "anthropic" },
  audiences: ["https://mcp.corp.example"],
};
const GITHUB = { issuer: "https://token.actions.githubusercontent.com", audience: "a" };

const policy = (rule: object = {}, platform: object = {}) => ({
  platforms: { corp: { ...PLATFORM, ...platform } },
  rules: [{ ...RULE, ...rule }],
});

/** The message with which a policy is refused. */
function problemOf(written: string | object): string {
  try {
    readTrustPolicy(written);
  } catch (error) {
    if (error instanceof TrustPolicyError) return error.message;
    throw error;
  }
  throw new Error("the policy was read");
}

describe("readTrustPolicy", () => {
  test("reads YAML, JSON, and the object that they stand for, alike", () => {
    const yaml = `
platforms:
  corp: { issuer: https://idp.corp.example, audience: https://attest.corp.example }
rules:
  - name: support agent
    from: corp
    claims: { sub: support }
    agent: { modelFamily: claude-4, modelVersion: claude-sonnet-4, provider: anthropic }
    audiences: ["https://mcp.corp.example"]
`;
    const fromYaml = readTrustPolicy(yaml);
    expect(fromYaml).toEqual(readTrustPolicy(policy()));
    expect(fromYaml).toEqual(readTrustPolicy(JSON.stringify(policy())));
    expect(fromYaml.platforms[0]).toMatchObject({
      name: "corp",
      type: "oidc",
      maxTokenLifetimeSeconds: 86_400,
    });
    expect(fromYaml.rules[0]).toMatchObject({
      maxLifetimeSeconds: 300,
      requireBinding: false,
      subject: { path: "/agent/support-agent" },
    });
  });

  test("takes a policy that allows nothing", () => {
    expect(readTrustPolicy({ platforms: {}, rules: [] }).rules).toEqual([]);
  });

  test.each([
    ["90s", 90],
    ["5m", 300],
    ["1h", 3600],
    ["1d", 86_400],
  ])("reads the duration %s as %i seconds", (maxLifetime, seconds) => {
    expect(readTrustPolicy(policy({ maxLifetime })).rules[0]?.maxLifetimeSeconds).toBe(seconds);
  });

  test("tells the type of a known platform by its issuer, and the issuer by the type", () => {
    const typeOf = (platform: object) => {
      const rules = [{ ...RULE, claims: { repository_owner_id: "1", namespace_id: "1" } }];
      const [read] = readTrustPolicy({ platforms: { corp: platform }, rules }).platforms;
      return [read?.type, read?.issuer];
    };
    const github = ["github", "https://token.actions.githubusercontent.com"];
    expect(typeOf(GITHUB)).toEqual(github);
    expect(typeOf({ type: "github", audience: "a" })).toEqual(github);
    expect(typeOf({ type: "gitlab", audience: "a" })).toEqual(["gitlab", "https://gitlab.com"]);
    expect(typeOf({ ...PLATFORM, type: "kubernetes" })).toEqual(["kubernetes", PLATFORM.issuer]);
  });
});

describe("a policy is refused", () => {
  test.each<[string, string | object, string]>([
    ["that is no mapping", "- a", "platforms is missing"],
    ["that is empty", "", "must be a mapping"],
    ["that is not YAML", "platforms: {", "not YAML at line 1"],
    ["that is two documents", "a: 1\n---\nb: 2", "not YAML"],
    ["with a member twice", "platforms: {}\nplatforms: {}\nrules: []", "not YAML at line 2"],
    ["with a tag", "platforms: !!js/function {}\nrules: []", "not YAML"],
    ["longer than a megabyte", " ".repeat(1_048_577), "longer than 1048576"],
    ["without rules", { platforms: {} }, "rules is missing"],
    ["without platforms", { rules: [] }, "platforms is missing"],
    [
      "with an unknown member",
      { platforms: {}, rules: [], rule: [] },
      'rule is not a known member; did you mean "rules"',
    ],
    ["with rules that are no list", { platforms: {}, rules: {} }, "rules must be a list"],
    ["with a rule from nowhere", policy({ from: "crop" }), "rules[0].from names no platform; known: corp"],
    ["with a misspelt member of a rule", policy({ audience: ["a"] }), 'did you mean "audiences"'],
    ["with a misspelt member of a platform", policy({}, { audienc: "a" }), 'did you mean "audience"'],
    [
      "with a misspelt member of an agent",
      policy({ agent: { ...RULE.agent, model: "m" } }),
      "rules[0].agent.model",
    ],
    ["with a rule without claims", policy({ claims: undefined }), "claims"],
    ["with a rule whose claims are empty", policy({ claims: {} }), "claims is empty"],
    ["with a rule without audiences", policy({ audiences: [] }), "audiences must name"],
    ["with audiences that are text", policy({ audiences: "https://a" }), "audiences must be a list"],
    ["with two stars in a row", policy({ audiences: ["https://**.example"] }), '"**"'],
    ["with two rules of one name", { ...policy(), rules: [RULE, RULE] }, "another rule's already"],
    [
      "with two rules whose names make one subject",
      { ...policy(), rules: [RULE, { ...RULE, name: "support-agent" }] },
      "subject of another rule",
    ],
    ["with a name that makes no subject", policy({ name: "!!!" }), "no letter"],
    ["with a number as duration", policy({ maxLifetime: 300 }), "must be a duration"],
    ["with a duration of nothing", policy({ maxLifetime: "0s" }), "must be a duration"],
    ["with a duration in words", policy({ maxLifetime: "5 minutes" }), "must be a duration"],
    ["with a life of more than a day", policy({ maxLifetime: "2d" }), "at most 86400 seconds"],
    ["with a flag that is text", policy({ requireBinding: "yes" }), "must be true or false"],
    ["with too many capabilities", policy({ capabilities: Array(65).fill("c") }), "capabilities"],
    [
      "with an agent that no attestation has room for",
      policy({ capabilities: Array(30).fill("c".repeat(99)) }),
      "fit into",
    ],
    ["with a hash that is none", policy({ integrity: { configHash: "sha256:00" } }), "integrity"],
    ["with an unknown safety level", policy({ safetyLevel: "none" }), "safetyLevel must be one of"],
    ["with a platform without audience", policy({}, { audience: undefined }), "audience"],
    ["with a platform without issuer", policy({}, { issuer: undefined }), "issuer is missing"],
    ["with an issuer by http", policy({}, { issuer: "http://idp.corp.example" }), "must be https"],
    ["with an issuer in capitals", policy({}, { issuer: "https://IDP.corp.example" }), "must be spelled"],
    [
      "with an issuer with a port that is the default",
      policy({}, { issuer: "https://a.example:443" }),
      "must be spelled",
    ],
    ["with an issuer with a query", policy({}, { issuer: "https://a.example/?b" }), "must be an https URL"],
    ["with an issuer at a private address", policy({}, { issuer: "https://10.0.0.1" }), "not public"],
    ["with a key file of a relative path", policy({}, { jwks: { file: "keys.json" } }), "jwks"],
    [
      "with two sources of keys",
      policy({}, { jwks: { file: "/k", url: "https://a.example" } }),
      "jwks must be one of",
    ],
    ["with a key set that is empty", policy({}, { jwks: { keys: [] } }), "no key"],
    [
      "with a key set without usable keys",
      policy({}, { jwks: { keys: [{ kty: "oct", k: "AA", kid: "a" }] } }),
      "no key",
    ],
    ["with keys by http", policy({}, { jwks: { url: "http://a.example" } }), "must be https"],
    [
      "with ca where nothing is fetched",
      policy({}, { jwks: { file: "/k" }, ca: { file: "/ca" } }),
      "ca has no effect",
    ],
    [
      "with allowPrivateNetwork where nothing is fetched",
      policy({}, { jwks: { file: "/k" }, allowPrivateNetwork: true }),
      "allowPrivateNetwork has no effect",
    ],
    ["with a ca that is no certificate", policy({}, { ca: "MIIB" }), "ca must be"],
    ["with a trust domain that is not SPIFFE's", policy({}, { trustDomain: "a" }), "for type: spiffe alone"],
    ["with SPIFFE without a trust domain", policy({}, { type: "spiffe" }), "trustDomain is missing"],
    [
      "with SPIFFE without keys",
      policy({}, { type: "spiffe", trustDomain: "prod.example", issuer: undefined }),
      "needs jwks",
    ],
    ["with an unknown type", policy({}, { type: "gitea" }), "type must be one of"],
    ["with one issuer twice", { platforms: { corp: PLATFORM, other: PLATFORM }, rules: [] }, "already"],
  ])("%s", (_what, written, problem) => {
    const cleaned = typeof written === "string" ? written : JSON.parse(JSON.stringify(written));
    expect(problemOf(cleaned)).toContain(problem);
  });

  test.each<[string, unknown, string]>([
    ["null", null, "no value"],
    ["empty text", "", "empty"],
    ["an empty list", [], "every list contains"],
    ["an empty mapping", {}, "everything matches"],
    ["a number that is rounded", 2 ** 53, "compared exactly"],
    ["a fraction", 1.5, "compared exactly"],
    ["a star that is not marked", "acme/*", "unless marked"],
    ["a glob without star", { glob: "acme" }, 'no "*"'],
    ["a glob that is a number", { glob: 1 }, "must be text"],
    ["a glob with two stars in a row", { glob: "acme/**" }, '"**"'],
    ["too deep a mapping", JSON.parse(`${'{"a":'.repeat(12)}1${"}".repeat(12)}`), "deep"],
  ])("whose rule compares a claim with %s", (_what, value, problem) => {
    expect(problemOf(policy({ claims: { sub: value } }))).toContain(problem);
  });

  test.each(["__proto__", "constructor", "prototype"])("with a member named %s, anywhere", (name) => {
    const json = JSON.stringify(policy({ claims: { sub: "support", TRAP: "x" } })).replace("TRAP", name);
    expect(problemOf(json)).toContain("cannot have this name");
    expect(problemOf(JSON.parse(json))).toContain("cannot have this name");
    const platforms = JSON.stringify(policy()).replace('"corp":', `"${name}":`);
    expect(problemOf(platforms)).toContain("cannot have this name");
  });
});

test("a policy with a member that is undefined, such as an unset variable, is refused", () => {
  expect(problemOf(policy({ requireBinding: undefined }))).toContain(
    "rules[0].requireBinding is present but undefined",
  );
  expect(problemOf(policy({}, { jwks: undefined }))).toContain(
    "platforms.corp.jwks is present but undefined",
  );
});

describe("a shared platform without an owner's id (refused when loaded)", () => {
  test.each<[string, object, string]>([
    ["https://token.actions.githubusercontent.com", { repository: "acme/app" }, "repository_owner_id"],
    ["https://token.actions.githubusercontent.com", { repository_owner: "acme" }, "repository_owner_id"],
    ["https://token.actions.githubusercontent.com", { repository_id: "7654321" }, "repository_owner_id"],
    ["https://token.actions.githubusercontent.com/acme", { sub: "repo:acme/app" }, "repository_owner_id"],
    ["https://gitlab.com", { project_path: "acme/app" }, "namespace_id"],
    ["https://accounts.google.com", { email: "a@acme.iam.gserviceaccount.com" }, "sub"],
    ["https://agent.buildkite.com", { organization_slug: "acme" }, "organization_id"],
    ["https://app.terraform.io", { terraform_organization_name: "acme" }, "terraform_organization_id"],
    ["https://oidc.vercel.com/acme", { owner: "acme" }, "owner_id"],
  ])("is %s with %j alone; the message names %s", (issuer, claims, owner) => {
    const message = problemOf(policy({ claims }, { issuer }));
    expect(message).toMatch(new RegExp(`^rules\\[0\\].claims trusts everybody on corp.*add ${owner}`));
    expect(readTrustPolicy(policy({ claims: { ...claims, [owner]: "1234567" } }, { issuer }))).toBeDefined();
  });

  test("is refused too when the owner's id may be any that matches, and under another type", () => {
    const glob = policy({ claims: { repository_owner_id: { glob: "12*" } } }, GITHUB);
    expect(problemOf(glob)).toContain("add repository_owner_id");
    const list = policy({ claims: { repository_owner_id: ["1"] } }, GITHUB);
    expect(problemOf(list)).toContain("add repository_owner_id");
    const asOidc = policy({ claims: { repository: "acme/app" } }, { ...GITHUB, type: "oidc" });
    expect(problemOf(asOidc)).toContain("add repository_owner_id");
  });
});
