/** Longest text that globs are compared with. Longer ones match none. */
const MAX_LENGTH = 2048;

/**
 * Whether `text` matches `glob`, in which each `*` stands for one or more of `[A-Za-z0-9_-]`, and everything else for
 * itself. Takes time in proportion to the text, whatever both are.
 */
export function matchesGlob(glob: string, text: string): boolean {
  const [start = "", ...parts] = glob.split("*");
  if (text.length > MAX_LENGTH || !text.startsWith(start)) return false;
  let ends = new Set([start.length]);
  for (const part of parts) {
    const next = new Set<number>();
    // Whether a star that begins at one of the ends reaches this place.
    let isReached = false;
    for (let at = 1; at <= text.length; at++) {
      isReached = (isReached || ends.has(at - 1)) && isOfName(text.charCodeAt(at - 1));
      if (isReached && text.startsWith(part, at)) next.add(at + part.length);
    }
    ends = next;
  }
  return ends.has(text.length);
}

function isOfName(unit: number): boolean {
  return (
    (unit >= 0x30 && unit <= 0x39) ||
    (unit >= 0x41 && unit <= 0x5a) ||
    (unit >= 0x61 && unit <= 0x7a) ||
    unit === 0x5f ||
    unit === 0x2d
  );
}
