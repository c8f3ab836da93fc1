import { lookup as systemLookup } from "node:dns";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { Readable } from "node:stream";
import { checkedLookup, type Lookup } from "./checked-lookup.node.js";
import { decodedBody } from "./decoded-body.node.js";
import { KeySetRefusedError } from "./key-set-refused-error.js";
import type { Fetch, OutboundFetchOptions } from "./outbound-fetch.js";

/** Statuses whose answers have no body (Fetch §2.2.3), which `Response` insists on. */
const WITHOUT_BODY = [204, 205, 304];

/**
 * A `fetch` for GET that looks at the addresses a name resolves to, and connects to one of those it looked at:
 * there is no second resolution that could answer otherwise. It follows no redirect, keeps no connection for
 * later, and goes through no proxy, which would resolve the name by itself.
 *
 * Node's own `fetch` cannot be told how to resolve, short of a dispatcher from another copy of undici.
 *
 * @param lookup resolves names. Default: as the system does
 */
export function createOutboundFetch(
  { isAllowedAddress }: OutboundFetchOptions,
  lookup: Lookup = systemLookup,
): Fetch {
  const checked = checkedLookup(isAllowedAddress, lookup);
  return (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    return new Promise((resolve, reject) => {
      const outgoing = (url.protocol === "https:" ? requestHttps : requestHttp)(url, {
        headers: {
          // Some answer nobody who does not say what they are.
          "user-agent": "attest-jwks",
          "accept-encoding": "gzip, deflate, br",
          ...Object.fromEntries(request.headers),
        },
        agent: false,
        lookup: checked,
        signal: request.signal,
      });
      outgoing.on("error", (error) => reject(asFetchFailure(error)));
      outgoing.on("response", (incoming) => {
        try {
          resolve(asResponse(incoming));
        } catch (error) {
          incoming.destroy();
          reject(error);
        }
      });
      outgoing.end();
    });
  };
}

function asResponse(incoming: IncomingMessage): Response {
  const { statusCode: status = 0, headersDistinct } = incoming;
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  if (WITHOUT_BODY.includes(status)) {
    incoming.resume();
    return new Response(null, { status, headers });
  }
  const body = Readable.toWeb(decodedBody(incoming)) as ReadableStream<Uint8Array>;
  return new Response(body, { status, headers });
}

/** What `fetch` rejects with when there is no answer (Fetch §5.6), so that ky takes it for that. */
function asFetchFailure(error: Error): Error {
  return error instanceof KeySetRefusedError ? error : new TypeError("fetch failed", { cause: error });
}
