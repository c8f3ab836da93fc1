import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Built beside this package, and no dependency of it: the issuer's own tests need packages that stand on this one. */
const PROGRAM = fileURLToPath(new URL("../../../../issuer/dist/main.js", import.meta.url));

/** The issuer's program, as a process of its own. */
export interface IssuerProgram {
  /** Where it listens. */
  readonly origin: string;
  readonly folder: string;
  /** Events that it has written, in order. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
  close(): Promise<void>;
}

async function freePort(): Promise<number> {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  await new Promise((resolve) => holder.close(resolve));
  return port;
}

/**
 * Starts the issuer.
 *
 * @param policyFor the trust policy, for an issuer of that name
 * @param name its name; the address that it listens at unless one is given
 */
export async function startIssuer(
  policyFor: (issuer: string) => object,
  name?: string,
): Promise<IssuerProgram> {
  const folder = mkdtempSync(join(tmpdir(), "attest-tokens-"));
  const listen = `127.0.0.1:${await freePort()}`;
  const issuer = name ?? `http://${listen}`;
  const config = join(folder, "issuer.json");
  const keys = { file: join(folder, "keys.json") };
  const document = { issuer, trustDomain: "corp.example", listen, keys, ...policyFor(issuer) };
  writeFileSync(config, JSON.stringify(document));
  const child = spawn(process.execPath, [PROGRAM, "--config", config], { stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit");
  const close = async () => {
    child.kill("SIGKILL");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const events: Record<string, unknown>[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => events.push(JSON.parse(line)));
  const [line] = (await once(createInterface({ input: child.stderr }), "line")) as [string];
  if (line !== `issuer listening on http://${listen}`) {
    await close();
    throw new Error(line);
  }
  return { origin: `http://${listen}`, folder, events, close };
}

const AGENT = { modelFamily: "m", modelVersion: "m-1", provider: "example" };

/** Returns a rule for workloads of `platform` with these claims. */
export function rule(name: string, platform: string, claims: object, changes: object = {}): object {
  return { name, from: platform, claims, agent: AGENT, audiences: ["https://mcp.example.com"], ...changes };
}
