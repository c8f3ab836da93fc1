import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { explain } from "./explain.js";
import { readTrustPolicy } from "./policy/read-trust-policy.js";
import { TrustPolicyError } from "./policy/trust-policy-error.js";
import { readConfig } from "./service/config.js";
import { KeysInFile } from "./service/keys-in-file.js";
import { runIssuer } from "./service/run-issuer.js";
import { StartError } from "./service/start-error.js";

const USAGE = `usage: node main.js --config FILE                    runs the issuer
       node main.js --config FILE --explain TOKENFILE  says which rule allows a token; exit code 0: allowed, 3: not
       node main.js --config FILE --rotate             signs with the announced key from now on`;
/** How long requests under way may still take after a signal, in seconds. */
const GRACE_SECONDS = 10;
/** Longest life (900 s) that verifiers accept by default, and their skew (30 s): a retired key stays for no less. */
const KEEP_FOR_SECONDS = 930;
const SKEW_SECONDS = 30;
const NOT_ALLOWED = 3;

try {
  const { values } = parseArgs({
    options: {
      config: { type: "string" },
      explain: { type: "string" },
      rotate: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  const { config } = values;
  if (values.help === true) process.stdout.write(`${USAGE}\n`);
  else if (config === undefined || (values.explain !== undefined && values.rotate === true))
    throw new StartError(USAGE);
  else if (values.explain !== undefined) explainToken(config, values.explain);
  else if (values.rotate === true) rotateKeys(config);
  else await serve(config);
} catch (error) {
  process.stderr.write(`issuer: ${messageOf(error)}\n${isAboutArguments(error) ? `${USAGE}\n` : ""}`);
  process.exitCode = 1;
}

/** Runs until SIGTERM or SIGINT. SIGHUP makes it read its files again. Each event is a line of JSON on stdout. */
async function serve(config: string): Promise<void> {
  const issuer = await runIssuer({
    config,
    observer: {
      record: (event) => {
        process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
      },
    },
  });
  process.on("SIGHUP", () => issuer.reload());
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.once(signal, () => void issuer.close({ graceSeconds: GRACE_SECONDS }));
  process.stderr.write(`issuer listening on ${issuer.origin}\n`);
}

function explainToken(config: string, file: string): void {
  const { platforms, rules } = readConfig(config);
  const explanation = explain(readTrustPolicy({ platforms, rules } as object), readFileSync(file, "utf8"));
  process.stdout.write(`${JSON.stringify(explanation, undefined, 2)}\n`);
  if (!explanation.allowed) process.exitCode = NOT_ALLOWED;
}

function rotateKeys(config: string): void {
  const { keys, platforms, rules } = readConfig(config);
  const policy = readTrustPolicy({ platforms, rules } as object);
  const longest = Math.max(0, ...policy.rules.map((rule) => rule.maxLifetimeSeconds));
  const ring = KeysInFile.open(keys.file);
  ring.rotate(Math.max(KEEP_FOR_SECONDS, longest + SKEW_SECONDS));
  process.stdout.write(`${JSON.stringify({ kid: ring.kid })}\n`);
}

/** Whether the program was called with options that it does not have. */
function isAboutArguments(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}

/** Returns what is wrong in words for people; what is no mistake of theirs comes with its stack. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return "failed";
  const isTheirs =
    [StartError, TrustPolicyError, TypeError].some((known) => error instanceof known) || "code" in error;
  return isTheirs ? error.message : (error.stack ?? error.message);
}
