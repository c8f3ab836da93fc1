import { execFile } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout } from "node:timers/promises";

/** A program that tests need beyond what npm brings. */
export interface NeededProgram {
  /** Its names on PATH. The first that is found is used. */
  readonly names: readonly string[];
  /** Environment variable with its path instead. When the variable is empty, the tests do without the program. */
  readonly variable: string;
  readonly debianPackage: string;
  /** Sentence that names the tests which need it: `the browser tests need Chromium`. */
  readonly need: string;
}

export const REDIS: NeededProgram = {
  names: ["redis-server", "valkey-server"],
  variable: "REDIS_SERVER_PATH",
  debianPackage: "redis-server",
  need: "the Redis tests need Redis",
};

export const CHROMIUM: NeededProgram = {
  names: ["chromium", "chromium-browser", "google-chrome"],
  variable: "CHROMIUM_PATH",
  debianPackage: "chromium",
  need: "the browser tests need Chromium",
};

export const NGINX: NeededProgram = {
  names: ["nginx"],
  variable: "NGINX_PATH",
  debianPackage: "nginx",
  need: "the proxy tests need nginx",
};

export const OPENSSL: NeededProgram = {
  names: ["openssl"],
  variable: "OPENSSL_PATH",
  debianPackage: "openssl",
  need: "the proxy tests need OpenSSL, for a certificate",
};

export const CURL: NeededProgram = {
  names: ["curl"],
  variable: "CURL_PATH",
  debianPackage: "curl",
  need: "the test of the demo's commands needs curl",
};

/**
 * The path of a program, which is installed first where that is possible.
 *
 * @throws {Error} in one line that says how to get it.
 */
export async function findProgram(program: NeededProgram): Promise<string> {
  const path = await findOrInstall(program);
  if (path !== undefined) return path;
  throw new Error(howToGet(program));
}

/**
 * The path of a program, which is installed first where that is possible; `undefined` if it cannot be had.
 *
 * @throws {Error} if its variable names a path where there is no program.
 */
export async function findOrInstall(program: NeededProgram): Promise<string | undefined> {
  const { names, variable } = program;
  const configured = process.env[variable];
  if (configured === "") return undefined;
  if (configured !== undefined) {
    if (isExecutable(configured)) return configured;
    throw new Error(`${variable} is set, and there is no program at ${configured}`);
  }
  const isDebianRoot = existsSync("/etc/debian_version") && process.getuid?.() === 0;
  return onPath(names) ?? (isDebianRoot ? await installFromDebian(program) : undefined);
}

/** One line that says what is missing and how to get it. */
export function howToGet({ names, variable, debianPackage, need }: NeededProgram): string {
  return `${need}: install it (Debian: apt-get install ${debianPackage}) so that ${names.join(" or ")} is on PATH, or set ${variable}`;
}

/** The first of these programs that is on PATH, or where Debian has servers, which is not on every user's PATH. */
export function onPath(names: readonly string[]): string | undefined {
  return [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"]
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Best effort, and again for a while: another test run may hold apt's locks. */
async function installFromDebian({ names, debianPackage }: NeededProgram): Promise<string | undefined> {
  for (let attempt = 1; attempt <= 3; attempt++) {
    await aptGet("update");
    await aptGet("install", "-y", "--no-install-recommends", debianPackage);
    const installed = onPath(names);
    if (installed !== undefined) return installed;
    if (attempt < 3) await setTimeout(10_000);
  }
  return undefined;
}

function aptGet(...args: readonly string[]): Promise<void> {
  // RUNLEVEL=1 keeps Debian from starting the service that comes with a program.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  return new Promise((resolve) => {
    // Whether it worked shows in whether there is a program afterwards.
    execFile("apt-get", ["-o", "DPkg::Lock::Timeout=60", ...args], { env }, () => resolve());
  });
}
