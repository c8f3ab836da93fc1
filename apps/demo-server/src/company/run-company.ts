import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ChildService, startService } from "../demo/child-service.js";
import { formatTable } from "../demo/table.js";
import { EventReader } from "./event-reader.js";
import { startIssuerProgram } from "./issuer-program.js";
import { jobOf, runnerVariables } from "./jobs.js";
import type { Report } from "./report.js";
import { runWorkload } from "./run-workload.js";

const TRUST_DOMAIN = "corp.example";
const RULE = "support agent";
const OWN = jobOf("octo-org/support", "7654321", "1234567");
/** The same workflow file, in somebody else's copy of the repository. */
const FORK = jobOf("mallory/support", "8888888", "9999999");
const HEAD = ["workload", "what it does", "outcome", "decided by", "why"];

const programIn = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Runs a company on this machine, as processes: a forge that stands in for GitHub, the issuer, a guarded MCP server, and
 * workloads. Returns whether the one that is allowed got in, with a bound token, and nobody else.
 */
export async function runCompany(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "attest-company-"));
  const running: ChildService[] = [];
  const started = async (service: Promise<ChildService>): Promise<ChildService> => {
    running.push(await service);
    return service;
  };
  const [issuerEvents, serverEvents] = [new EventReader(), new EventReader()];
  try {
    const forge = await started(
      startService("forge", programIn("forge.js"), { JOBS: JSON.stringify([OWN, FORK]) }),
    );
    const issuer = await started(
      startIssuerProgram({
        folder,
        trustDomain: TRUST_DOMAIN,
        policyFor: (audience) => policy(forge.origin, audience),
        onLine: issuerEvents.add,
      }),
    );
    const environment = { PORT: "0", ISSUER: issuer.origin, TRUST_DOMAIN, REQUIRE_PROOF: "always" };
    const server = await started(
      startService("server", programIn("../main.js"), environment, serverEvents.add),
    );
    console.log(`forge     ${forge.origin}  stands in for GitHub, and gives each job an ID token
issuer    ${issuer.origin}  exchanges ID tokens for attestations, by the rule "${RULE}"
server    ${server.origin}/mcp  takes attestations of this issuer alone, with a proof of their key
`);
    const rows = await tryAll({ forge, issuer, server, issuerEvents, serverEvents });
    const asExpected = rows.every(({ isExpected }) => isExpected);
    const dead = running.filter((service) => service.hasDied());
    for (const { name } of dead) console.error(`demo: ${name} has died`);
    console.log(
      formatTable(
        HEAD,
        rows.map(({ cells }) => cells),
      ),
    );
    console.log(asExpected ? "\nOnly the workload that the rule names got in." : "\nWRONG: see above.");
    return asExpected && dead.length === 0;
  } finally {
    await Promise.all(running.map((service) => service.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The company's trust policy: one rule, which pins the repository and its owner by ids that cannot be registered again. */
function policy(forge: string, audience: string): object {
  const { repository_owner_id, repository_id } = OWN.claims;
  return {
    platforms: { github: { type: "github", issuer: forge, audience, allowInsecure: "loopback" } },
    rules: [
      {
        name: RULE,
        from: "github",
        claims: { repository_owner_id, repository_id, ref: "refs/heads/main" },
        agent: { modelFamily: "claude-4", modelVersion: "claude-sonnet-4", provider: "anthropic" },
        audiences: ["http://127.0.0.1:*"],
        requireBinding: true,
      },
    ],
  };
}

interface Company {
  readonly forge: ChildService;
  readonly issuer: ChildService;
  readonly server: ChildService;
  readonly issuerEvents: EventReader;
  readonly serverEvents: EventReader;
}

interface Row {
  readonly cells: readonly string[];
  readonly isExpected: boolean;
}

async function tryAll({
  forge,
  issuer,
  server,
  issuerEvents,
  serverEvents,
}: Company): Promise<readonly Row[]> {
  const places = { ISSUER: issuer.origin, SERVER: server.origin };

  const own = await runWorkload("workload", { ...places, ...runnerVariables(OWN, forge.origin) });
  const issued = await issuerEvents.next("attestation_issued");
  const isBound = issued["keyThumbprint"] !== null;
  const allowed = isBound ? "its attestation is bound to its own key" : "its attestation is NOT BOUND";

  const fork = await runWorkload("workload", { ...places, ...runnerVariables(FORK, forge.origin) });
  const notAllowed = await issuerEvents.next("attestation_refused");

  const stolen = { ...places, STOLEN_TOKEN: own.outcome === "got in" ? own.token : "" };
  serverEvents.skip();
  const thief = await runWorkload("thief", stolen);
  const rejected = await serverEvents.next("rejected");

  const exchanging = await runWorkload("thief", { ...stolen, MODE: "exchange" });
  const noSubject = await issuerEvents.next("attestation_refused");

  const row = (
    name: string,
    how: string,
    report: Report,
    expected: string,
    by: string,
    why: string,
  ): Row => ({
    cells: [name, how, sayOutcome(report), by, why],
    isExpected: sayOutcome(report) === expected,
  });
  const exchanges = "exchanges its job's token, calls a tool";
  const rows = [
    row("octo-org/support", exchanges, own, "got in (enterprise)", ruleOf(String(issued["rule"])), allowed),
    row("mallory/support", exchanges, fork, "no token (invalid_grant)", ...problemsOf(notAllowed)),
    row(
      "thief",
      "presents the first one's attestation",
      thief,
      "refused (1012)",
      `server, check "${rejected["check"]}"`,
      String(rejected["detail"]),
    ),
    row(
      "thief",
      "exchanges it for one with a key of its own",
      exchanging,
      "no token (invalid_grant)",
      "issuer",
      String(noSubject["detail"]),
    ),
  ];
  return rows.map((each, index) =>
    index === 0 ? { ...each, isExpected: each.isExpected && isBound } : each,
  );
}

function sayOutcome(report: Report): string {
  if (report.outcome === "got in") return `got in (${report.trustLevel})`;
  return report.outcome === "no token" ? `no token (${report.error})` : `refused (${report.code})`;
}

/** Returns which rule did not allow a token, and how the token differs from it, as the issuer's log has it. */
function problemsOf(event: Readonly<Record<string, unknown>>): [decidedBy: string, why: string] {
  const [verdict] = event["rules"] as readonly {
    readonly rule: string;
    readonly problems: readonly string[];
  }[];
  return [ruleOf(verdict?.rule ?? "none"), verdict?.problems.join("; ") ?? ""];
}

function ruleOf(name: string): string {
  return `issuer, rule "${name}"`;
}
