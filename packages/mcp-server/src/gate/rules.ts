import { assertOptions, kindOf } from "@attest/core/internal";
import type { Message, RequestMessage } from "@attest/core/wire";
import {
  type AttestationRequirement,
  type CompiledRequirement,
  compileRequirement,
} from "../guard/requirement.js";
import { patternSpellings, spellings } from "./uri-spellings.js";

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
  /** What a tool needs by its own registration, by every name that it has had. */
  readonly #tools = new Map<string, CompiledRequirement>();

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
        this.#rules.push({ kind, matches: matcher(kind, pattern), requirement: compiled });
      }
    }
  }

  /** What must be met for `request` to reach the server, all of it; nothing, at no cost, where there are no rules. */
  requirementsOf(request: RequestMessage): readonly CompiledRequirement[] {
    if (this.#rules.length === 0 && this.#tools.size === 0) return [];
    const target = targetOf(request);
    return target === undefined ? [] : this.requirementsFor(...target);
  }

  /** What must be met to use what is called `name`. */
  requirementsFor(kind: RuledKind, name: string): readonly CompiledRequirement[] {
    const names = kind === "resources" ? spellings(name) : [name];
    const byRule = this.#rules
      .filter((rule) => rule.kind === kind && names.some((spelling) => rule.matches(spelling)))
      .map((rule) => rule.requirement);
    const own = kind === "tools" ? this.#tools.get(name) : undefined;
    return own === undefined ? byRule : [...byRule, own];
  }

  /** Makes `requirement` the own one of the tool `name`, or, with `undefined`, takes it away. */
  setTool(name: string, requirement: CompiledRequirement | undefined): void {
    if (requirement === undefined) this.#tools.delete(name);
    else this.#tools.set(name, requirement);
  }
}

/** What a request is about. A completion is about the prompt or the resource whose argument it completes. */
export function targetOf({
  method,
  params = {},
}: Extract<Message, { method: string }>): readonly [RuledKind, string] | undefined {
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

function matcher(kind: RuledKind, pattern: string): (name: string) => boolean {
  const patterns = kind === "resources" ? patternSpellings(pattern) : [pattern];
  const matchers = patterns.map(textMatcher);
  return (name) => matchers.some((matches) => matches(name));
}

/** Linear in the name, whatever the pattern: names come from peers. */
function textMatcher(pattern: string): (name: string) => boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return (name) => name === first;
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
