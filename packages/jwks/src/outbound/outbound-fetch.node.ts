import { type LookupAddress, type LookupAllOptions, lookup as systemLookup } from "node:dns";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";
import { Readable } from "node:stream";
import { KeySetRefusedError } from "../errors/fetch-errors.js";
import { decodedBody } from "./decoded-body.node.js";
import type { Fetch, OutboundFetchOptions } from "./outbound-fetch.portable.js";

/** Resolves a name to all its addresses, as `node:dns` does. */
export type Lookup = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Statuses whose answers must have no body (Fetch §2.2.3): `Response` insists. */
const WITHOUT_BODY = [204, 205, 304];

/**
 * Returns a `fetch` for GET that checks the addresses a name resolves to, and connects to an address that it checked:
 * there is no second resolution that could answer otherwise. It follows no redirect, keeps no connection for later, and
 * uses no proxy, which would resolve the name by itself.
 *
 * Node's own `fetch` cannot be told how to resolve names, short of a dispatcher from another copy of undici.
 *
 * @param lookup resolves names. Default: as the system does
 */
export function createOutboundFetch(
  { isAllowedAddress, ca }: OutboundFetchOptions,
  lookup: Lookup = systemLookup,
): Fetch {
  const checked = checkedLookup(isAllowedAddress, lookup);
  return (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    return new Promise((resolve, reject) => {
      const outgoing = (url.protocol === "https:" ? requestHttps : requestHttp)(url, {
        headers: {
          // Some servers refuse requests without it.
          "user-agent": "attest-jwks",
          "accept-encoding": "gzip, deflate, br",
          ...Object.fromEntries(request.headers),
        },
        agent: false,
        lookup: checked,
        ...(ca === undefined ? {} : { ca }),
        signal: request.signal,
      });
      outgoing.on("error", (error) => reject(asFetchFailure(error)));
      outgoing.on("response", (incoming) => {
        asResponse(incoming).then(resolve, (error: unknown) => {
          incoming.destroy();
          reject(error);
        });
      });
      outgoing.end();
    });
  };
}

async function asResponse(incoming: IncomingMessage): Promise<Response> {
  const { statusCode: status = 0, headersDistinct } = incoming;
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  if (WITHOUT_BODY.includes(status)) {
    incoming.resume();
    return new Response(null, { status, headers });
  }
  const body = Readable.toWeb(await decodedBody(incoming)) as ReadableStream<Uint8Array>;
  return new Response(body, { status, headers });
}

/** Returns what `fetch` rejects with when there is no answer (Fetch §5.6): ky knows it by that. */
function asFetchFailure(error: Error): Error {
  return error instanceof KeySetRefusedError ? error : new TypeError("fetch failed", { cause: error });
}

/**
 * Returns a resolver for sockets that refuses a name as soon as one of its addresses is not allowed: a name that is both
 * public and private is made to get around such checks.
 */
function checkedLookup(isAllowed: (address: string) => boolean, lookup: Lookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) {
        callback(error ?? new Error("the name resolves to no address"), "");
      } else if (!addresses.every(({ address }) => isAllowed(address))) {
        callback(new KeySetRefusedError("the name resolves to an address that is not public"), "");
      } else if (options.all === true) {
        callback(null, addresses);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}
