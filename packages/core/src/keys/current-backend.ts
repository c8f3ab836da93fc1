import { ed25519 } from "#ed25519";
import type { Ed25519Backend } from "./ed25519-backend.js";

let current: Ed25519Backend = ed25519;

/** The source of Ed25519 for keys that are made now: the runtime's own, unless a faster one was imported. */
export function currentBackend(): Ed25519Backend {
  return current;
}

/** Makes `backend` the source of Ed25519 for keys that are made from now on. */
export function useBackend(backend: Ed25519Backend): void {
  current = backend;
}
