import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { findProgram, NGINX, OPENSSL } from "../../../../test-support/find-program.ts";

/** An nginx that runs until the test is over. */
export interface Nginx {
  /** Returns the statuses of its answers under this path so far, each with how often it was given. */
  readonly statuses: (path: string) => Readonly<Record<string, number>>;
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const { port } = holder.address() as AddressInfo;
  await new Promise((resolve) => holder.close(resolve));
  return port;
}

/** Makes a folder for nginx with a certificate for `localhost` in it. */
export async function nginxFolder(): Promise<{
  readonly folder: string;
  readonly certificate: string;
  readonly key: string;
}> {
  const folder = mkdtempSync(join(tmpdir(), "attest-nginx-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  // Its workers may run as another user.
  chmodSync(folder, 0o755);
  const [certificate, key] = [join(folder, "localhost.pem"), join(folder, "localhost.key")];
  const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost";
  const names = ["-addext", "subjectAltName=DNS:localhost", "-out", certificate, "-keyout", key];
  execFileSync(await findProgram(OPENSSL), [...request.split(" "), ...names], { stdio: "pipe" });
  return { folder, certificate, key };
}

/** Starts nginx with this configuration, to which is added where its files go, and waits until it listens. */
export async function startNginx(configuration: string, folder: string, port: number): Promise<Nginx> {
  const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const temporary = kinds.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join("\n");
  mkdirSync(join(folder, "client_body"), { recursive: true });
  const file = join(folder, "nginx.conf");
  const log = join(folder, "access.log");
  writeFileSync(log, "");
  const ownFiles = `http {\nlog_format status '$uri $status'; access_log ${log} status;\n${temporary}\n`;
  writeFileSync(file, configuration.replace("http {", ownFiles));
  const globals = `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;`;
  const child = spawn(await findProgram(NGINX), ["-p", folder, "-c", file, "-g", globals], { stdio: "pipe" });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    said += chunk;
  });
  onTestFinished(async () => {
    if (child.exitCode !== null) return;
    const exited = once(child, "exit");
    // The master ends its workers.
    child.kill("SIGTERM");
    await exited;
  });
  await vi.waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(`nginx did not start: ${said}`);
      await fetch(`https://localhost:${port}/`);
    },
    { timeout: 10_000, interval: 50 },
  );
  return {
    statuses: (path) => {
      const counts: Record<string, number> = {};
      for (const line of readFileSync(log, "utf8").split("\n")) {
        const [uri, status = ""] = line.split(" ");
        if (uri === path) counts[status] = (counts[status] ?? 0) + 1;
      }
      return counts;
    },
  };
}
