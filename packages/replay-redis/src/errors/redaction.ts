import { inspect } from "node:util";

/** Returns an error that is safe to show: `error` itself, or a copy without secrets. */
export type Redact = (error: unknown) => unknown;

/** As many causes as events hold. */
const MAX_DEPTH = 8;
/** The text before a command that Redis quotes, cut off, so that a long password does not appear as a whole. */
const QUOTED = "with args beginning with:";

/**
 * Returns a function that removes `secrets` from errors and their causes. Errors of Redis may quote what was sent to
 * it: a server too old for `HELLO … AUTH` repeats the password.
 *
 * An error that shows a secret anywhere, in a property, a cause or an error of an `AggregateError`, is replaced by a
 * copy with names, messages and causes only, and `***` in the secret's place.
 */
export function redactor(secrets: readonly string[]): Redact {
  // The longest first: a shorter one may be a part of it.
  const known = secrets.filter((secret) => secret !== "").sort((a, b) => b.length - a.length);
  const forms = known.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
  return (error) => {
    const shown = inspect(error, SHOW_ALL);
    const isClean = !shown.includes(QUOTED) && !forms.some((form) => shown.includes(form));
    return isClean ? error : redactedCopy(error, known, MAX_DEPTH);
  };
}

const SHOW_ALL = {
  depth: MAX_DEPTH * 2,
  showHidden: true,
  maxStringLength: Number.POSITIVE_INFINITY,
  maxArrayLength: Number.POSITIVE_INFINITY,
} as const;

function redactedCopy(error: unknown, secrets: readonly string[], depth: number): Error {
  if (!(error instanceof Error)) return new Error("Redis failed");
  const cause =
    error.cause === undefined || depth === 1 ? {} : { cause: redactedCopy(error.cause, secrets, depth - 1) };
  const copy = new Error(redactedText(error.message, secrets), cause);
  Object.defineProperty(copy, "name", { value: redactedText(error.name, secrets) });
  return copy;
}

function redactedText(text: string, secrets: readonly string[]): string {
  const [beforeQuote = ""] = text.split(QUOTED);
  const unquoted = beforeQuote === text ? text : beforeQuote.replace(/[, ]+$/, "");
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, "***"), unquoted);
}
