/**
 * Every spelling the server may know a URI by: as it came, as the SDK looks it up, and as a handler may read it that
 * drops query and fragment, collapses slashes or decodes percent signs. `DB://secret/a`, `db://secret/../secret/a` and
 * `db://%73ecret/a?x` may all be one resource. Each step takes what all those before it left. More spellings can only
 * ask for more.
 */
export function spellings(uri: string): readonly string[] {
  const texts = new Set([uri, ...(URL.canParse(uri) ? [new URL(uri).href] : [])]);
  for (const text of [...texts]) texts.add(text.replace(/[?#].*$/s, ""));
  for (const text of [...texts]) texts.add(decoded(text));
  for (const text of [...texts]) texts.add(text.replace(/(?<!:)\/{2,}/g, "/"));
  for (const text of [...texts]) if (URL.canParse(text)) texts.add(new URL(text).href);
  return [...texts];
}

/** `text` with its percent signs decoded: as UTF-8 where they are, and otherwise those that stand for ASCII. */
function decoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes.replace(/%[0-7][0-9a-f]/gi, decodeURIComponent);
    }
  });
}

/** Stands for `*` in a pattern while that is read as a URI: letters that no pattern has. */
const WILDCARD = "attest-any-characters";

/** Every spelling of a pattern, as of the names that it is compared with. */
export function patternSpellings(pattern: string): readonly string[] {
  const asName = pattern.replaceAll("*", WILDCARD);
  return spellings(asName).map((text) => text.replaceAll(WILDCARD, "*"));
}
