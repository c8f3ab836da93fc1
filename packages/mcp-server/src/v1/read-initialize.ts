import { membersOf } from "@attest/core/internal";
import { isIdTooLong, type RequestMessage } from "@attest/core/wire";
import { ID_TOO_LONG } from "../gate/refusals.js";
import { HttpRefusal } from "../http/front/http-refusal.js";

/**
 * Returns `body` as the one `initialize` request that can begin a session. A notification would open a session that
 * nobody answers for, and a batch one with more in it than was decided on.
 *
 * @throws {HttpRefusal} 400 when it is anything else.
 */
export function readInitialize(body: unknown): RequestMessage {
  const { jsonrpc, id, method, params } = membersOf(body);
  const isRequest = jsonrpc === "2.0" && (typeof id === "string" || Number.isInteger(id));
  if (!isRequest || method !== "initialize") {
    throw new HttpRefusal(400, "Bad Request: a session begins with an initialize request");
  }
  const request = body as RequestMessage;
  if (isIdTooLong(request)) throw new HttpRefusal(400, ID_TOO_LONG.message, ID_TOO_LONG.code);
  const { protocolVersion, capabilities, clientInfo } = membersOf(params);
  const { name, version } = membersOf(clientInfo);
  const areStrings = [protocolVersion, name, version].every((value) => typeof value === "string");
  if (!areStrings || typeof capabilities !== "object" || capabilities === null) {
    throw new HttpRefusal(
      400,
      "Invalid params: initialize needs protocolVersion, capabilities and clientInfo",
      -32602,
    );
  }
  return request;
}
