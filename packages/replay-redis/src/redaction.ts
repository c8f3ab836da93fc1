import { inspect } from "node:util";

/** Makes an error safe to show. */
export type Redact = (error: unknown) => unknown;

const QUOTED = "with args beginning with:";

/**
 * Errors of Redis may quote what was sent to it: a server too old for `HELLO … AUTH` repeats the password. An
 * error in which `secret` appears anywhere is replaced by one with its message and `***` in the secret's place.
 */
export function redactor(secrets: readonly string[]): Redact {
  const known = secrets.filter((secret) => secret !== "");
  return (cause) => {
    const error = withoutArguments(cause);
    if (known.length === 0) return error;
    const shown = inspect(error, { depth: 8, showHidden: true });
    if (
      !known.some((secret) => shown.includes(secret) || shown.includes(JSON.stringify(secret).slice(1, -1)))
    )
      return error;
    const message = error instanceof Error ? error.message : "Redis failed";
    return new Error(known.reduce((text, secret) => text.replaceAll(secret, "***"), message));
  };
}

/** Redis quotes a command it does not know, cut off, so that a long password is not found in it as a whole. */
function withoutArguments(error: unknown): unknown {
  if (!(error instanceof Error) || !error.message.includes(QUOTED)) return error;
  return new Error(error.message.slice(0, error.message.indexOf(QUOTED)).replace(/[, ]+$/, ""));
}

/** The password in a Redis URL, as it stands there and decoded. */
export function secretsOf(url: string): readonly string[] {
  const [, password = ""] = /^[a-z]+:\/\/[^/]*?:([^/]*)@/i.exec(url) ?? [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}
