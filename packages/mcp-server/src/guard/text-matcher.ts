/** Tells whether a text matches a pattern. */
export type TextMatcher = (text: string) => boolean;

/** Returns a matcher for `pattern`, in which `*` stands for any characters, none included. */
export function textMatcher(pattern: string): TextMatcher {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return (text) => text === first;
  // No regular expression: a peer chooses the text, and this takes time in proportion to its length.
  return (text) => {
    if (!text.startsWith(first)) return false;
    let from = first.length;
    for (const part of rest) {
      const at = text.indexOf(part, from);
      if (at === -1) return false;
      from = at + part.length;
    }
    return text.endsWith(last) && text.length - last.length >= from;
  };
}
