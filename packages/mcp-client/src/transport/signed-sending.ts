import { membersOf, proofUrl } from "@attest/core/internal";
import { evidenceIn, type Message, type RequestMessage, withEvidence } from "@attest/core/wire";
import type { EvidenceStrategy } from "../evidence/evidence-strategy.js";
import { fromOwn } from "../evidence/own-failures.js";
import type { SendOptionsLike, TransportLike } from "./transport-like.js";

type Prove = NonNullable<EvidenceStrategy["prove"]>;

/** A message that evidence stands in, without a proof as long as it is not on its way. */
type Provable = Pick<RequestMessage, "method" | "params">;

const EVIDENCE = '"security.attestation"';
const ACCESS_TOKEN = /^(?:Bearer|DPoP) +(\S+)$/i;

/** Whether `transport` is an HTTP transport of an MCP SDK (Streamable HTTP, or SSE), which sends by a `fetch` of its own. */
export function sendsByFetch(transport: object): transport is FetchingTransport {
  return Object.hasOwn(transport, "_fetch") && membersOf(transport)["_url"] instanceof URL;
}

/**
 * Returns how `transport` sends, with a proof made for each sending.
 *
 * Over HTTP the proof is made as late as can be, in the transport's `fetch`: an SDK that is answered 401 or 403 sends the
 * same body again, with another access token, and a proof passes once. It also is beneath instrumentation, which writes
 * trace context into messages as they are sent. Both SDKs keep `fetch` in a private member.
 */
export function signEachSending(transport: TransportLike, prove: Prove): TransportLike["send"] {
  const send = transport.send.bind(transport);
  if (sendsByFetch(transport)) {
    signInFetch(transport, prove);
    return send;
  }
  const nowhere = { url: undefined, accessToken: undefined };
  return async (message: Message, options?: SendOptionsLike) =>
    send((await proven(message, prove, nowhere)) ?? message, options);
}

interface FetchingTransport {
  readonly _url: URL;
  _fetch: typeof fetch | undefined;
}

function signInFetch(transport: FetchingTransport, prove: Prove): void {
  const inner = transport._fetch;
  transport._fetch = async (input, init) => {
    const send = inner ?? fetch;
    const url = String(input instanceof Request ? input.url : input);
    // Within the origin a server says where to: by a redirect, or as the endpoint of SSE.
    const isOurs = init?.method === "POST" && URL.parse(url)?.origin === transport._url.origin;
    const body = isOurs ? init.body : undefined;
    // The SDK's OAuth sends its own POSTs by the same function.
    if (typeof body !== "string" || !body.includes(EVIDENCE)) return send(input, init);
    const [, accessToken] = ACCESS_TOKEN.exec(new Headers(init?.headers).get("authorization") ?? "") ?? [];
    const message = await proven(JSON.parse(body), prove, { url: proofUrl(url), accessToken });
    return send(input, message === undefined ? init : { ...init, body: JSON.stringify(message) });
  };
}

/** Returns `message` with a proof beside the token that stands in it; `undefined` where none does. */
async function proven(
  message: Message,
  prove: Prove,
  sending: Parameters<Prove>[2],
): Promise<Message | undefined> {
  if (!("method" in message)) return undefined;
  const provable: Provable = message;
  const { token } = evidenceIn(provable) ?? {};
  if (token === undefined) return undefined;
  return withEvidence(message as RequestMessage, await fromOwn(prove(token, provable, sending)));
}
