import { climbs, flattened, URI_STEPS, withoutHost } from "./uri-steps.js";

/** More forms than an honest URI has: one with a port, user info, a query, escapes and dot segments has some 30. */
const MAX_FORMS = 64;
/** Most characters of all forms together. A peer chooses the URI, and long forms take time to compare. */
const MAX_CHARACTERS = 131_072;

/**
 * A URI in which no step but `flattened` finds anything to do: no escapes, dot segments, doubled slashes, port or query,
 * and a host that cannot be a number.
 */
const PLAIN =
  /^(?:file:\/\/|(?!file:)[a-z][a-z0-9+.-]*:\/\/[a-z][a-z0-9]*(?:[.-][a-z][a-z0-9]*)*)(?:\/[\w~!$&'()*+,=@-]+(?:\.[\w~!$&'()*+,=@-]+)*)+$/;

/**
 * Returns every form in which code may see a URI: all that any sequence of steps makes of it, until no step makes
 * anything new. A handler that decodes, parses, normalises or lower-cases, in whatever order and however often, ends at
 * one of these. Returns `undefined` for a URI that does not settle within the bounds, or leads above its root.
 */
export function uriForms(uri: string): ReadonlySet<string> | undefined {
  if (uri.length > MAX_CHARACTERS) return undefined;
  const first = uri.toLowerCase();
  if (PLAIN.test(first)) return new Set([first, flattened(first), withoutHost(first)]);
  const forms = settled(first);
  // Not a step: a pattern without its host would hold for every host.
  return forms && new Set([...forms, ...[...forms].map(withoutHost)]);
}

/** {@link uriForms} without the short cut for plain URIs, and with the host where there is one. */
export function settled(first: string): ReadonlySet<string> | undefined {
  const forms = new Set([first]);
  let characters = 0;
  // A set's iteration goes on to what is added meanwhile.
  for (const form of forms) {
    characters += form.length;
    if (climbs(form)) return undefined;
    if (forms.size > MAX_FORMS || characters > MAX_CHARACTERS) return undefined;
    for (const step of URI_STEPS) {
      const next = step(form);
      if (next !== form) forms.add(next.toLowerCase());
    }
  }
  return forms;
}

/** Stands for `*` while a pattern is read as a URI: letters, which no step changes. */
const WILDCARD = "attestanycharacters";

/** Returns every form of a pattern for URIs, as of the URIs that it is compared with. */
export function patternForms(pattern: string): readonly string[] | undefined {
  const forms = settled(pattern.replaceAll("*", WILDCARD).toLowerCase());
  return forms && [...forms].map((form) => form.replaceAll(WILDCARD, "*"));
}
