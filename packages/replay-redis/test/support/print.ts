/** Counts belong in the log of a run, passed or not. */
export function print(title: string, counts: object): void {
  process.stdout.write(`${title}: ${JSON.stringify(counts)}\n`);
}
