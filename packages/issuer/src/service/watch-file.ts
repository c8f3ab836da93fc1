import { unwatchFile, watchFile } from "node:fs";

/** How often files are looked at, in milliseconds. */
const INTERVAL_MILLISECONDS = 1000;

/**
 * Calls `onChange` when a file is another one, or has another content, than before. Files are looked at once a second, by
 * their path: mounted volumes change by links, which the system's own events do not tell. Keeps no process alive.
 *
 * @returns a function that ends it
 */
export function watchForChange(file: string, onChange: () => void): () => void {
  const listener = (
    now: { mtimeMs: number; ino: number },
    before: { mtimeMs: number; ino: number },
  ): void => {
    if (now.mtimeMs !== before.mtimeMs || now.ino !== before.ino) onChange();
  };
  watchFile(file, { persistent: false, interval: INTERVAL_MILLISECONDS }, listener);
  return () => unwatchFile(file, listener);
}
