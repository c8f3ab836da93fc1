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
import { membersOf } from "@attest/core/internal";
import { KeyRing, type RetiredKey } from "@attest/jwks";
import { StartError } from "./start-error.js";

/**
 * Returns the ring in a keys file, or `undefined` when there is no such file.
 *
 * @throws {StartError} when others may read the file, or it is no keys file. It repeats nothing of it.
 */
export function readKeysFile(file: string): KeyRing | undefined {
  let json: string;
  try {
    // Windows has no such modes, and says that everybody may read everything.
    if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0)
      throw new StartError("the keys file holds private keys, and others may read it; chmod 600 it");
    json = readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    const { code = "unknown error" } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new StartError(`the keys file cannot be read (${code})`, { cause });
  }
  try {
    const { current, next, previous } = membersOf(JSON.parse(json));
    return new KeyRing({
      current: KeyPair.fromJwk(membersOf(current)),
      ...(next === undefined ? {} : { next: KeyPair.fromJwk(membersOf(next)) }),
      // The ring checks each of them.
      previous: previous as readonly RetiredKey[],
    });
  } catch {
    // Without a cause: it might quote the file.
    throw new StartError("the keys file is none that this issuer wrote; restore it, or move it away");
  }
}

/**
 * Writes a ring, private keys and all, for the owner's eyes only (0600). Whatever happens meanwhile, the file is the old one
 * or the new one, never a part of either.
 *
 * @throws {StartError} when it cannot be written; the old file is in place then.
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
    syncFolder(dirname(file));
  } catch (cause) {
    rmSync(temporary, { force: true });
    const { code = "unknown error" } = cause as NodeJS.ErrnoException;
    throw new StartError(`the keys file cannot be written (${code}); name one in a folder that can be`, {
      cause,
    });
  }
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
