import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { ISSUER } from "./issuing.ts";

export const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

/** The program, as a process of its own. */
export interface Running {
  readonly origin: string;
  readonly process: ChildProcess;
  /** Events that it has written, in order. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
  /** Resolves with its exit code. */
  readonly exited: Promise<number | null>;
}

export interface Files {
  readonly folder: string;
  readonly config: string;
  readonly keys: string;
  /** Writes the config: a policy, and members that replace those of a config that works. */
  write(policy: object, changes?: object): void;
}

/** Makes a folder for an issuer's files, which is gone when the test is over. */
export function files(): Files {
  const folder = mkdtempSync(join(tmpdir(), "attest-issuer-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const config = join(folder, "issuer.yaml");
  const keys = join(folder, "keys.json");
  return {
    folder,
    config,
    keys,
    write: (policy, changes = {}) => {
      const document = {
        issuer: ISSUER,
        trustDomain: "corp.example",
        listen: "127.0.0.1:0",
        keys: { file: keys },
        ...policy,
        ...changes,
      };
      // JSON is YAML.
      writeFileSync(config, JSON.stringify(document));
    },
  };
}

/** Starts the program, and waits until it listens. */
export async function start(config: string): Promise<Running> {
  const child = spawn(process.execPath, [MAIN, "--config", config], { stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit").then(([code]) => code as number | null);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const events: Record<string, unknown>[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => events.push(JSON.parse(line)));
  const [line] = (await once(createInterface({ input: child.stderr }), "line")) as [string];
  const [, origin] = /^issuer listening on (http:\S+)$/.exec(line) ?? [];
  if (origin === undefined) throw new Error(line);
  return { origin, process: child, events, exited };
}
