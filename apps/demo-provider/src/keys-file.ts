import { randomUUID } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { KeyPair } from "@attest/core";
import { StartError } from "@attest/demo-service";
import { KeyRing } from "@attest/jwks";
import * as v from "valibot";

const jwk = { kty: v.literal("OKP"), crv: v.literal("Ed25519"), x: v.string(), kid: v.string() };
const privateJwk = v.object({ ...jwk, d: v.string() });
const keysSchema = v.object({
  current: privateJwk,
  next: v.optional(privateJwk),
  previous: v.array(v.object({ jwk: v.object(jwk), publishedUntil: v.number() })),
});

/**
 * The ring that {@link writeKeysFile} wrote; `undefined` when there is no such file yet.
 *
 * @throws {StartError} when others may read the file, or it is not one of ours. It repeats nothing of it.
 */
export function readKeysFile(file: string): KeyRing | undefined {
  let json: string;
  try {
    // Windows has no such modes, and says that everybody may read everything.
    if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0)
      throw new StartError("KEYS_FILE holds private keys and others may read it; chmod 600 it");
    json = readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    const { code = "unknown error" } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new StartError(`KEYS_FILE cannot be read (${code}); name a file that can be read and written`, {
      cause,
    });
  }
  try {
    const { current, next, previous } = v.parse(keysSchema, JSON.parse(json));
    return new KeyRing({
      current: KeyPair.fromJwk(current),
      next: next && KeyPair.fromJwk(next),
      previous,
    });
  } catch {
    // Without a cause: it might quote the file.
    throw new StartError(
      "KEYS_FILE is not a file of keys that this provider wrote; restore it, or move it away",
    );
  }
}

/**
 * Writes the ring, private keys and all, for the owner's eyes only (0600). Whatever happens meanwhile, the file is
 * the old one or the new one, never a part of either.
 *
 * @throws {Error} of the file system; the old file is in place then.
 */
export function writeKeysFile(file: string, ring: KeyRing): void {
  const { current, next, previous } = ring;
  const keys = { current: current.toPrivateJwk(), next: next?.toPrivateJwk(), previous };
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    const handle = openSync(temporary, "wx", 0o600);
    try {
      writeFileSync(handle, `${JSON.stringify(keys, undefined, 2)}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(file));
}

/** Makes the renaming last through a power cut, where a folder can be synchronised. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
