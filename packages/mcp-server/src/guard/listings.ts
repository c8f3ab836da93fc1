import { membersOf } from "@attest/core/internal";
import { isResult, type Message, type RequestMessage } from "@attest/core/wire";
import type { CurrentCall } from "../context/current-call.js";
import { findDenial } from "./find-denial.js";
import type { RuleTable } from "./rule-table.js";
import type { RuledKind } from "./ruled-target.js";

/** The kind of a list, and the member by which an entry is called. */
interface Listing {
  readonly kind: RuledKind;
  readonly member: string;
  readonly name: "name" | "uri" | "uriTemplate";
}

const LISTINGS: ReadonlyMap<string, Listing> = new Map([
  ["tools/list", { kind: "tools", member: "tools", name: "name" }],
  ["prompts/list", { kind: "prompts", member: "prompts", name: "name" }],
  ["resources/list", { kind: "resources", member: "resources", name: "uri" }],
  ["resources/templates/list", { kind: "resources", member: "resourceTemplates", name: "uriTemplate" }],
]);

/** Whether `request` asks for a list of what may be guarded. */
export function asksForList(request: RequestMessage): boolean {
  return LISTINGS.has(request.method);
}

/**
 * The answer to a list request, without the entries that `call` may not use. A courtesy to the client, which need
 * not try them; it is the rules and guards that keep it out. An entry without a name is left.
 */
export async function withoutDenied(
  answer: Message,
  request: RequestMessage,
  call: CurrentCall,
  rules: RuleTable,
): Promise<Message> {
  const listing = LISTINGS.get(request.method);
  if (listing === undefined || !isResult(answer)) return answer;
  const entries: unknown = answer.result[listing.member];
  if (!Array.isArray(entries)) return answer;
  const mayUse = await Promise.all(entries.map((entry) => isForCaller(entry, listing, call, rules)));
  const left = entries.filter((_, index) => mayUse[index]);
  return { ...answer, result: { ...answer.result, [listing.member]: left } };
}

async function isForCaller(
  entry: unknown,
  { kind, name }: Listing,
  call: CurrentCall,
  rules: RuleTable,
): Promise<boolean> {
  const { [name]: called } = membersOf(entry);
  if (typeof called !== "string") return true;
  const requirements = rules.requirementsFor(kind, called);
  return requirements.length === 0 || (await findDenial(call, requirements)) === undefined;
}
