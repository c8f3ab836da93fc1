import { callOfExtra, isExtra } from "../context/call-of-extra.js";
import { type CurrentCall, currentCall } from "../context/current-call.js";
import type { AttestationDeniedError } from "./attestation-denied-error.js";
import { findDenial } from "./find-denial.js";
import { type AttestationRequirement, compileRequirement } from "./requirement.js";

/**
 * Returns `handler` guarded: it runs only for agents that meet `requirement`. It may be the handler of a tool, resource,
 * prompt, or any request. With no requirement (`{}` or `undefined`) any attested agent passes.
 *
 * The handler that comes back rejects with an {@link AttestationDeniedError}: 1009 when the caller presented
 * nothing, or it is called outside a request; the code that the caller's token failed with when it is not
 * attested for that; 1001 when the session's token has expired; 1013 when the attestation falls short.
 *
 * It guards the handler and nothing before it: the SDK checks a tool's arguments first, and completes a prompt's
 * without it. `rules` are asked before either.
 *
 * It has the type of the handler it guards, so that the SDK's methods can infer that handler's arguments; write
 * handlers as `async` functions, since what comes back returns a promise whatever the handler itself returns.
 *
 * @throws {TypeError} when the requirement makes no sense, such as an unknown trust level or a misspelt name.
 */
export function requireAttestation<Handler extends (...args: never[]) => unknown>(
  requirement: AttestationRequirement | undefined,
  handler: Handler,
): Handler {
  if (typeof handler !== "function") {
    throw new TypeError("requireAttestation takes a requirement, and after it the handler to guard");
  }
  const compiled = [compileRequirement(requirement === undefined ? {} : requirement, "requireAttestation")];
  const guarded = async (...args: never[]): Promise<unknown> => {
    const call = callOf(args);
    let answer: unknown;
    const denial = await findDenial(call, compiled, () => {
      answer = handler(...args);
    });
    if (denial) {
      call?.noteDenial(denial);
      throw denial;
    }
    return answer;
  };
  return guarded as Handler;
}

/**
 * Returns the call that a handler was called for. The SDK's last argument says it wherever the handler runs, and says that
 * there is none for a request that came through no gate, even if code of a call that did is what sent it.
 */
function callOf(args: readonly unknown[]): CurrentCall | undefined {
  const extra = args.at(-1);
  return callOfExtra(extra) ?? (isExtra(extra) ? undefined : currentCall());
}
