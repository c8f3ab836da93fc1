import { AttestationRejectedError } from "@attest/mcp-client";

/** Tells in one line why an agent could not do what it wanted, and what can be done about it. */
export function sayWhy(error: unknown): void {
  if (error instanceof AttestationRejectedError) {
    console.error(`refused, ${error.code}: ${error.message} ${error.advice}`);
  } else console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
