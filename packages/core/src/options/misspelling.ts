/** The name among `known` that `name` is likely to be meant for; `undefined` when it is like none of them. */
export function closest(name: string, known: readonly string[]): string | undefined {
  return known.find((other) => isMisspelling(name, other));
}

/** Whether `name` is a part of `known`, a longer form of it, or a few letters off. */
function isMisspelling(name: string, known: string): boolean {
  const [a, b] = [name.toLowerCase(), known.toLowerCase()];
  if (a.length < 4 || a.length > 64) return false;
  if (a.startsWith(b) || b.startsWith(a) || a.endsWith(b) || b.endsWith(a)) return true;
  return a.length > 4 && distance(a, b) <= 2;
}

/** Returns the number of letters to insert, delete or replace to make `b` of `a` (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...a].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...b].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
