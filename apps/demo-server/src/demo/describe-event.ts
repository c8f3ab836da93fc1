import type { TokenEvent } from "@attest/core";
import type { GateEvent } from "@attest/mcp-server";

/** An event as the server's log has it: what went through JSON may lack anything. */
type LoggedEvent = TokenEvent | GateEvent;

/**
 * Returns what a line of the server's event log says, for people: who comes, who calls what and who is refused. Returns
 * `undefined` for lines that say nothing of that. What is returned is one line without control characters.
 */
export function describeEvent(line: string): string | undefined {
  const event = readEvent(line);
  const text = event && textOf(event);
  // Events are escaped where they are made; a terminal is no place to rely on that.
  return text?.replaceAll(/[^ -~…]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function readEvent(line: string): LoggedEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isEvent = typeof value === "object" && value !== null && "type" in value;
    return isEvent ? (value as LoggedEvent) : undefined;
  } catch {
    return undefined;
  }
}

function textOf(event: LoggedEvent): string | undefined {
  switch (event.type) {
    case "session_opened":
      return `comes     session ${event.session}: ${agentOf(event)}, with client "${event.client ?? ""}"`;
    case "session_renewed":
      return `renews    session ${event.session}: ${agentOf(event)}`;
    case "session_ended":
      return `leaves    session ${event.session}, after ${event.durationSeconds.toFixed(1)} s`;
    case "called": {
      const outcome = event.code === null ? event.outcome : `${event.outcome} ${event.code}`;
      const took = `${(event.durationSeconds * 1000).toFixed(1)} ms`;
      return `calls     session ${event.session}: ${callOf(event)}: ${outcome}, ${took}, by ${agentOf(event)}`;
    }
    case "denied":
      return `denied    session ${event.session}: ${callOf(event)}: ${event.code}, ${event.detail ?? "no detail"}, to ${agentOf(event)}`;
    case "rejected":
      return `refused   ${event.code}, ${event.detail ?? "no detail"}${event.subject === null ? "" : ` (claims to be ${event.subject})`}`;
    case "http_refused":
      return `refused   HTTP ${event.status}, ${event.reason}`;
    case "unattested":
      return `unattested  session ${event.session}, with client "${event.client ?? ""}"`;
    case "gate_error":
      return `failed    ${event.detail}: ${event.cause.join(": ")}`;
    default:
      return undefined;
  }
}

function callOf({ method, target }: { readonly method: string; readonly target: string | null }): string {
  return target === null ? method : `${method} ${target}`;
}

function agentOf({
  subject,
  model,
}: {
  readonly subject: string | null;
  readonly model: string | null;
}): string {
  return subject === null ? "an agent that is not attested" : `${subject} (${model ?? "no model"})`;
}
