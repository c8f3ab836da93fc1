import { createPublicKey, verify } from "node:crypto";
import { AttestingClientSession } from "@attest/mcp-client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import type { Link } from "./links.ts";
import type { Contender, Pair } from "./measure.ts";
import { freshToken, keyPair } from "./tokens.ts";

const clientInfo = { name: "bench", version: "1.0.0" };

interface Links {
  readonly bare: Link;
  readonly attested: Link;
}

/** Connecting: `initialize`, its answer and `notifications/initialized`. Clients, servers and tokens are made before. */
export function connecting(links: Links): Pair {
  const tokens: string[] = [];
  const getToken = () => tokens.pop() ?? "";
  return {
    name: "initialize",
    bare: connects(links.bare, () => new Client(clientInfo)),
    attested: connects(
      links.attested,
      () => new AttestingClientSession(clientInfo, { getToken }),
      async (count) => {
        while (tokens.length < count) tokens.push(await freshToken());
      },
    ),
  };
}

/**
 * Baseline of all comparisons: the same exchange without attestation, with one raw verification of a token's
 * signature. Where it happens matters: between two messages it finds the processor's caches full of other things.
 */
export async function connectingAndVerifying(link: Link): Promise<Pair> {
  const verifyOnce = await rawVerification();
  const verifying = (): Client => {
    const client = new Client(clientInfo);
    const connect = client.connect.bind(client);
    client.connect = (transport) => {
      verifyOnce();
      return connect(transport);
    };
    return client;
  };
  return {
    name: "initialize and one raw crypto.verify",
    bare: connects(link, () => new Client(clientInfo)),
    attested: connects(link, verifying),
  };
}

function connects(
  link: Link,
  createClient: () => Client,
  prepare: (count: number) => Promise<void> = async () => undefined,
): Contender {
  const clients: Client[] = [];
  return {
    prepare: async (operations) => {
      await link.reset(operations);
      await prepare(operations);
      clients.splice(0, Number.POSITIVE_INFINITY, ...Array.from({ length: operations }, createClient));
    },
    run: async () => {
      for (const client of clients) await client.connect(await link.open());
    },
  };
}

/** The SDK alone against itself: how far apart two may be measured that are the same. */
export async function callingTwice(link: Link): Promise<Pair> {
  const bare = async () => calls(link, new Client(clientInfo), "open");
  return { name: "noise: SDK against itself", bare: await bare(), attested: await bare() };
}

/** One tool call after the other in a session each. */
export async function calling(links: Links, name: string, tool: string): Promise<Pair> {
  const attesting = new AttestingClientSession(clientInfo, { getToken: freshToken });
  return {
    name,
    bare: await calls(links.bare, new Client(clientInfo), tool),
    attested: await calls(links.attested, attesting, tool),
  };
}

async function calls(link: Link, client: Client, tool: string): Promise<Contender> {
  await client.connect(await link.open());
  return {
    run: async (operations) => {
      for (let index = 0; index < operations; index++) {
        const { isError } = await client.callTool({ name: tool, arguments: { city: "Oslo" } });
        if (isError) throw new Error("the benchmark's own call was refused");
      }
    },
  };
}

/** Nothing but the verification of one token's signature. */
async function rawVerification(): Promise<() => void> {
  const token = await freshToken();
  const dot = token.lastIndexOf(".");
  const message = Buffer.from(token.slice(0, dot));
  const signature = Buffer.from(token.slice(dot + 1), "base64url");
  const key = createPublicKey(keyPair.publicKey.toPem());
  return () => {
    if (!verify(null, message, key, signature)) throw new Error("the benchmark's own token does not verify");
  };
}
