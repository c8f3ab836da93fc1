import { isAttestationError } from "./errors.js";
import { kindOf, printable } from "./printable.js";

const MAX_CAUSES = 8;

/**
 * Returns the message of `error` and of what is behind it, by `cause`, outermost first: texts that survive JSON and stand in a log line
 * as they are. At most 8; what was thrown and is no error is named by its kind.
 */
export function causesOf(error: unknown): readonly string[] {
  const causes: string[] = [];
  for (let current = error; causes.length < MAX_CAUSES; ) {
    causes.push(textOf(current));
    const next = current instanceof Error ? current.cause : undefined;
    if (next === undefined) break;
    current = next;
  }
  return causes;
}

function textOf(error: unknown): string {
  if (isAttestationError(error) && error.detail !== undefined) {
    return printable(`${error.name}: ${error.message} (${error.detail})`);
  }
  if (error instanceof Error) return printable(`${error.name}: ${error.message}`);
  return typeof error === "string" ? printable(error) : `thrown: ${kindOf(error)}`;
}
