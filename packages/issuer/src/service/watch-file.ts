import { statSync } from "node:fs";

/** How often files are looked at, in milliseconds. */
const INTERVAL_MILLISECONDS = 1000;

/** Returns what changes when a file is written or replaced. Ask before the file is read: what comes later is then noticed. */
export function fileState(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? "none" : [stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join();
}

/**
 * Calls `onChange` when the state of a file is another one than before. The file is looked at once a second, by its path:
 * mounted volumes change by links, which the system's own events do not tell. Keeps no process alive.
 *
 * @param before state of the file when it was last read
 * @returns a function that ends it
 */
export function watchForChange(file: string, before: string, onChange: () => void): () => void {
  let known = before;
  const timer = setInterval(() => {
    const state = fileState(file);
    if (state === known) return;
    known = state;
    onChange();
  }, INTERVAL_MILLISECONDS).unref();
  return () => clearInterval(timer);
}
