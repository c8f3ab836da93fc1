import { assertOptions, kindOf } from "@attest/core/internal";
import type { JSONRPCRequest } from "@modelcontextprotocol/sdk/types.js";
import {
  type AttestationRequirement,
  type CompiledRequirement,
  compileRequirement,
} from "../guard/requirement.js";

/** What is guarded, by what it is called. A `*` in a name stands for any characters. */
export interface AttestationRules {
  /** By the tool's name: `tools/call`. */
  readonly tools?: Readonly<Record<string, AttestationRequirement>> | undefined;
  /** By the resource's URI: `resources/read`, `resources/subscribe` and `resources/unsubscribe`. */
  readonly resources?: Readonly<Record<string, AttestationRequirement>> | undefined;
  /** By the prompt's name: `prompts/get`. */
  readonly prompts?: Readonly<Record<string, AttestationRequirement>> | undefined;
}

/** What can be guarded by name. */
export type RuledKind = keyof AttestationRules;

interface Rule {
  readonly kind: RuledKind;
  readonly matches: (name: string) => boolean;
  readonly requirement: CompiledRequirement;
}

const KINDS = ["tools", "resources", "prompts"] as const satisfies readonly RuledKind[];

/** The rules of one server, which the gate asks before a request reaches it. */
export class RuleTable {
  readonly #rules: Rule[] = [];

  /** @throws {TypeError} when a rule makes no sense. */
  constructor(rules: AttestationRules = {}) {
    assertOptions("rules", rules, KINDS);
    for (const kind of KINDS) {
      const byName: unknown = rules[kind];
      if (byName === undefined) continue;
      if (typeof byName !== "object" || byName === null || Array.isArray(byName)) {
        throw new TypeError(`rules.${kind} must be an object of requirements by name, got ${kindOf(byName)}`);
      }
      for (const [pattern, requirement] of Object.entries(byName)) {
        const compiled = compileRequirement(requirement, `the rule for "${pattern}" in ${kind}`);
        this.#rules.push({ kind, matches: matcher(pattern), requirement: compiled });
      }
    }
  }

  /** What must be met for `request` to reach the server, all of it; nothing, at no cost, where there are no rules. */
  requirementsOf(request: JSONRPCRequest): readonly CompiledRequirement[] {
    if (this.#rules.length === 0) return [];
    const target = targetOf(request);
    return target === undefined ? [] : this.requirementsFor(...target);
  }

  /** What must be met to use what is called `name`. */
  requirementsFor(kind: RuledKind, name: string): readonly CompiledRequirement[] {
    const names = kind === "resources" ? spellings(name) : [name];
    return this.#rules
      .filter((rule) => rule.kind === kind && names.some((spelling) => rule.matches(spelling)))
      .map((rule) => rule.requirement);
  }
}

/** What a request is about. A completion is about the prompt or the resource whose argument it completes. */
function targetOf({ method, params = {} }: JSONRPCRequest): readonly [RuledKind, string] | undefined {
  const { name, uri, ref } = params as {
    readonly name?: unknown;
    readonly uri?: unknown;
    readonly ref?: unknown;
  };
  if (method === "tools/call") return ["tools", text(name)];
  if (method === "prompts/get") return ["prompts", text(name)];
  if (/^resources\/(read|subscribe|unsubscribe)$/.test(method)) return ["resources", text(uri)];
  if (method !== "completion/complete") return undefined;
  const about = Object(ref) as { readonly type?: unknown; readonly name?: unknown; readonly uri?: unknown };
  return about.type === "ref/prompt" ? ["prompts", text(about.name)] : ["resources", text(about.uri)];
}

/** A name that is no text names nothing, and no server will find it. */
function text(name: unknown): string {
  return typeof name === "string" ? name : "";
}

/** Every spelling the server may know a URI by: as it came, and as the SDK looks it up: `DB://secret/a` and `db://secret/../secret/a` are one resource. */
function spellings(uri: string): readonly string[] {
  const normal = URL.parse(uri)?.href;
  return normal === undefined || normal === uri ? [uri] : [uri, normal];
}

/** Linear in the name, whatever the pattern: names come from peers. */
function matcher(pattern: string): (name: string) => boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) {
    const names = spellings(first);
    return (name) => names.includes(name);
  }
  return (name) => {
    if (!name.startsWith(first)) return false;
    let from = first.length;
    for (const part of rest) {
      const at = name.indexOf(part, from);
      if (at === -1) return false;
      from = at + part.length;
    }
    return name.endsWith(last) && name.length - last.length >= from;
  };
}
