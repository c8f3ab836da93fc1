import { membersOf } from "@attest/core/internal";

/** Methods that register something on an MCP server, of any generation of the SDK. */
const METHODS = ["registerTool", "registerResource", "registerPrompt", "tool", "resource", "prompt"];
const TASK_METHODS = ["registerToolTask"];

/** Members in which the SDK's servers keep registered tools, resources and prompts. */
const REGISTRIES = [
  "_registeredTools",
  "_registeredResources",
  "_registeredResourceTemplates",
  "_registeredPrompts",
];

/** Names of a requirement where nobody reads it. */
const MISPLACED = ["attestation", "requireAttestation", "trustLevel"];

/** A method that was found by its name. */
type Method = (...args: unknown[]) => unknown;

/**
 * Makes every method of `server` that registers something refuse a configuration with a requirement in it, and the
 * `update` of what is registered, too: nobody reads it there, and what it should guard would be open. TypeScript says
 * so, but servers are written in JavaScript as well.
 *
 * It goes by the names of methods, and does nothing to a server that has none of them.
 */
export function refuseAttestation(server: object): void {
  for (const method of METHODS) guard(server, method);
  for (const method of TASK_METHODS) guard(membersOf(membersOf(server)["experimental"])["tasks"], method);
  for (const registry of REGISTRIES) {
    for (const registered of Object.values(membersOf(membersOf(server)[registry])))
      guard(registered, "update");
  }
}

/** Has `owner[name]` look at its arguments first, and guards the `update` of what it returns. */
function guard(owner: unknown, name: string): void {
  const method: unknown = membersOf(owner)[name];
  if (typeof method !== "function") return;
  const guarded: Method = (...args) => {
    for (const argument of args) assertNoRequirement(name, argument);
    const registered: unknown = Reflect.apply(method, owner, args);
    guard(registered, "update");
    return registered;
  };
  Object.defineProperty(owner, name, { value: guarded, configurable: true, writable: true });
}

/** @throws {TypeError} when `argument` is a configuration with a requirement in it, its own or inherited. */
function assertNoRequirement(method: string, argument: unknown): void {
  const { annotations } = membersOf(argument);
  const misplaced = requirementIn(argument) ?? requirementIn(annotations);
  if (misplaced === undefined) return;
  throw new TypeError(
    `${method} takes no "${misplaced}": guard the handler, requireAttestation(requirement, handler), or the name, rules: { tools: { name: requirement } }`,
  );
}

/** Returns the name of a requirement among the members of `value`. */
function requirementIn(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return MISPLACED.find((member) => member in value && !isSchema(membersOf(value)[member]));
}

/** Whether `value` describes an argument of the tool or prompt, which may have any name. */
function isSchema(value: unknown): boolean {
  const members = membersOf(value);
  return ["_zod", "_def", "~standard"].some((member) => member in members);
}
