import { kindOf, membersOf, namesIn, optional, printable, readOptions, stated } from "@attest/core/internal";
import type { RequestMessage } from "@attest/core/wire";
import { NameIndex } from "./name-index.js";
import { type AttestationRequirement, type CompiledRequirement, compileRequirement } from "./requirement.js";
import { type RuledKind, ruledTargetOf } from "./ruled-target.js";
import { patternForms, uriForms } from "./uri-forms.js";

/** Requirements by what they guard. A `*` in a name stands for any characters. */
export interface AttestationRules {
  /** By the tool's name: `tools/call`. */
  readonly tools?: Readonly<Record<string, AttestationRequirement>>;
  /**
   * By the resource's URI: `resources/read`, `resources/subscribe` and `resources/unsubscribe`. A rule holds for every
   * spelling of a URI, upper and lower case included, and a URI in too many spellings to try is refused.
   */
  readonly resources?: Readonly<Record<string, AttestationRequirement>>;
  /** By the prompt's name: `prompts/get`. */
  readonly prompts?: Readonly<Record<string, AttestationRequirement>>;
}

type Index = NameIndex<CompiledRequirement>;

/** Refuses everybody, because the resource cannot be told apart from those that the rules guard. */
const UNSETTLED: readonly CompiledRequirement[] = [
  async () => "the URI can be read in more ways than the rules can follow",
];

/** Any attested agent. */
const ATTESTED: readonly CompiledRequirement[] = [compileRequirement({}, "tasks")];

/** The rules of one server, which the gate asks before a request reaches it. */
export class RuleTable {
  readonly #indexes: Readonly<Record<RuledKind, Index>>;

  /** @throws {TypeError} when a rule makes no sense. */
  constructor(rules: AttestationRules = {}) {
    const kind = (add: (index: Index, pattern: string, requirement: CompiledRequirement) => void) =>
      stated(optional((table: unknown, name: string) => indexOf(table, name, add)));
    const { tools, resources, prompts } = readOptions<Partial<Record<RuledKind, Index | undefined>>>(
      "rules",
      rules,
      { tools: kind(addName), resources: kind(addUri), prompts: kind(addName) },
    );
    this.#indexes = {
      tools: tools ?? new NameIndex(),
      resources: resources ?? new NameIndex(),
      prompts: prompts ?? new NameIndex(),
    };
  }

  /**
   * Returns what must be met for `request` to reach the server, all of it. A request about a task is judged by the tool
   * that made it, `toolOfTask`; where that is not known, nobody but an agent gets at what a guarded tool may have left.
   */
  requirementsOf(request: RequestMessage, toolOfTask?: string): readonly CompiledRequirement[] {
    if (request.method.startsWith("tasks/")) {
      if (toolOfTask !== undefined) return this.requirementsFor("tools", toolOfTask);
      return this.#indexes.tools.isEmpty ? [] : ATTESTED;
    }
    const target = ruledTargetOf(request);
    return target === undefined ? [] : this.requirementsFor(target.kind, target.name);
  }

  /** Returns the requirements for the tool, resource or prompt called `name`. All must be met. */
  requirementsFor(kind: RuledKind, name: string): readonly CompiledRequirement[] {
    const index = this.#indexes[kind];
    if (index.isEmpty) return [];
    const forms = kind === "resources" ? uriForms(name) : [name];
    if (forms === undefined) return UNSETTLED;
    const found = new Set<CompiledRequirement>();
    for (const form of forms) index.find(form, found);
    return [...found];
  }
}

/** Reads the option `rules`: a finished table, or the rules to make one of. */
export function ruleTable(rules: unknown = {}): RuleTable {
  return rules instanceof RuleTable ? rules : new RuleTable(rules as AttestationRules);
}

function indexOf(
  table: unknown,
  name: string,
  add: (index: Index, pattern: string, requirement: CompiledRequirement) => void,
): Index {
  if (Object.prototype.toString.call(table) !== "[object Object]") {
    throw new TypeError(`rules.${name} must be an object of requirements by name, got ${kindOf(table)}`);
  }
  const index: Index = new NameIndex();
  const requirements = membersOf(table);
  for (const pattern of namesIn(requirements)) {
    if (pattern === "") throw new TypeError(`rules.${name} has an empty name, which would match nothing`);
    const owner = `the rule for "${printable(pattern)}" in ${name}`;
    add(index, pattern, compileRequirement(requirements[pattern], owner));
  }
  return index;
}

function addName(index: Index, pattern: string, requirement: CompiledRequirement): void {
  index.add(pattern, requirement);
}

function addUri(index: Index, pattern: string, requirement: CompiledRequirement): void {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(pattern) && !pattern.startsWith("*")) {
    throw new TypeError(
      `rules.resources: "${printable(pattern)}" would match nothing: a resource is named by its URI, such as file:///data/*`,
    );
  }
  const host = /^[^:/?#]+:\/\/([^/?#]*)/.exec(pattern)?.[1] ?? "";
  if (host.split(".").some((label) => label.includes("*") && /[^\0-\x7f]/.test(label))) {
    throw new TypeError(
      `rules.resources: "${printable(pattern)}" has a * in a part of the host that is not ASCII: servers know such a part by another name, xn--…`,
    );
  }
  const forms = patternForms(pattern);
  if (forms === undefined) {
    throw new TypeError(`rules.resources: "${printable(pattern)}" is too long, or has too many spellings`);
  }
  for (const form of forms) index.add(form, requirement);
}
