import { currentCall } from "../context/current-call.js";
import { expiryOf } from "./find-denial.js";

/**
 * A handler for calls that the gate has admitted, which runs if its caller is vouched for still: between the two the
 * SDK looks at the arguments, and meanwhile the token may expire and the session end.
 */
export function whileVouchedFor<Handler extends (...args: never[]) => unknown>(handler: Handler): Handler {
  const checked = async (...args: never[]): Promise<unknown> => {
    const call = currentCall();
    const denial = expiryOf(call);
    if (denial) {
      call?.noteDenial(denial);
      throw denial;
    }
    return handler(...args);
  };
  return checked as Handler;
}
