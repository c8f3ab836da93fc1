import { membersOf } from "@attest/core/internal";

/** Kinds of things that can be guarded by name. */
export type RuledKind = "tools" | "resources" | "prompts";

/** The object of a request. */
export interface RuledTarget {
  readonly kind: RuledKind;
  /** A tool's or prompt's name, or a resource's URI. A name that is no text is empty: no server finds anything by it. */
  readonly name: string;
}

/**
 * Returns what `request` is about; `undefined` where no rule can hold. A completion is about the prompt or the resource
 * whose argument it completes.
 */
export function ruledTargetOf(request: {
  readonly method: string;
  readonly params?: unknown;
}): RuledTarget | undefined {
  const { name, uri, ref } = membersOf(request.params);
  switch (request.method) {
    case "tools/call":
      return { kind: "tools", name: text(name) };
    case "prompts/get":
      return { kind: "prompts", name: text(name) };
    case "resources/read":
    case "resources/subscribe":
    case "resources/unsubscribe":
      return { kind: "resources", name: text(uri) };
    case "completion/complete": {
      const about = membersOf(ref);
      return about["type"] === "ref/prompt"
        ? { kind: "prompts", name: text(about["name"]) }
        : { kind: "resources", name: text(about["uri"]) };
    }
    default:
      return undefined;
  }
}

function text(name: unknown): string {
  return typeof name === "string" ? name : "";
}
