import type { CompiledRequirement } from "./requirement.js";

type Meta = Readonly<Record<string, unknown>>;

/*
 * What a listed tool needs, known by its `_meta`: the SDK hands that very object from `registerTool` through to the
 * list, whatever the tool is called by then. Nothing of it goes over the wire.
 */
const requirements = new WeakMap<object, CompiledRequirement>();

/** A copy of `meta` for an entry that needs `requirement`. */
export function metaNeeding(requirement: CompiledRequirement, meta: Meta = {}): Record<string, unknown> {
  const marked = { ...meta };
  requirements.set(marked, requirement);
  return marked;
}

/** What the entry with this `_meta` needs; `undefined` when nothing is known. */
export function requirementOf(meta: unknown): CompiledRequirement | undefined {
  return typeof meta === "object" && meta !== null ? requirements.get(meta) : undefined;
}
