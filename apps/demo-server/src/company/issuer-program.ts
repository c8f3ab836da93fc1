import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type AddressInfo, createServer } from "node:net";
import { dirname, join } from "node:path";
import { type ChildService, startService } from "../demo/child-service.js";

const PROGRAM = join(dirname(createRequire(import.meta.url).resolve("@attest/issuer")), "main.js");

export interface IssuerProgramOptions {
  /** Folder for its file and its keys. */
  readonly folder: string;
  readonly trustDomain: string;
  /** Returns its trust policy; `issuer` is its name. */
  readonly policyFor: (issuer: string) => object;
  /** Is given each event that it writes. */
  readonly onLine: (line: string) => void;
}

/** Starts `node packages/issuer/dist/main.js --config …` on a free port, which is its name as well. */
export async function startIssuerProgram(options: IssuerProgramOptions): Promise<ChildService> {
  const { folder, trustDomain, policyFor, onLine } = options;
  const listen = `127.0.0.1:${await freePort()}`;
  const issuer = `http://${listen}`;
  const config = join(folder, "issuer.yaml");
  const keys = { file: join(folder, "keys.json") };
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({ issuer, trustDomain, listen, keys, ...policyFor(issuer) }, undefined, 2),
  );
  return startService("issuer", PROGRAM, {}, onLine, ["--config", config]);
}

/** An issuer's name has to be known before it listens. */
async function freePort(): Promise<number> {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  await new Promise((resolve) => holder.close(resolve));
  return port;
}
