import { AttestationErrorCode, type CreateProofOptions, createProof } from "@attest/core";
import { withEvidence } from "@attest/core/wire";
import { attempt, type Outcome, outcomeOf } from "./attempt.js";
import type { CapturedRequest, WiretappedAgent } from "./wiretap.js";

/** Means of a thief: all traffic of an agent that proves its key, and a server that asks for proofs. */
interface TheftScene {
  readonly mcpUrl: string;
  readonly agent: WiretappedAgent;
  /** Another server that the agent's token is meant for, too: the thief runs it. */
  readonly otherAudience: string;
  readonly audience: string;
}

export interface Theft {
  readonly name: string;
  readonly how: string;
  readonly expected: AttestationErrorCode;
  readonly run: (scene: TheftScene) => Promise<Outcome>;
}

const { ATTESTATION_REQUIRED, INVALID_PROOF, REPLAY_DETECTED } = AttestationErrorCode;
const TOOL = "restart_service";
const FUTURE_SECONDS = 600;

/** Thefts from an agent whose token is bound to its key, at a server that asks for a proof with each request. */
export const thefts: readonly Theft[] = [
  {
    name: "stolen token",
    how: "presents a bound token, without its owner's key",
    expected: INVALID_PROOF,
    run: ({ mcpUrl, agent }) => attempt(mcpUrl, agent.token, TOOL),
  },
  {
    name: "stolen session id",
    how: "calls the tool in the agent's session",
    expected: ATTESTATION_REQUIRED,
    run: ({ mcpUrl, agent: { call } }) => send(mcpUrl, call, withoutMeta(call.message)),
  },
  {
    name: "replayed request",
    how: "sends the agent's call once more, to the letter",
    expected: REPLAY_DETECTED,
    run: ({ mcpUrl, agent: { call } }) => send(mcpUrl, call, call.message),
  },
  {
    name: "changed argument",
    how: "sends the agent's call with another service in it",
    expected: INVALID_PROOF,
    run: ({ mcpUrl, agent: { call } }) =>
      send(mcpUrl, call, {
        ...call.message,
        params: { ...call.message.params, arguments: { service: "payroll" } },
      }),
  },
  {
    name: "proof for another server",
    how: "passes on a call that the agent made to the thief's own server",
    expected: INVALID_PROOF,
    run: async ({ mcpUrl, agent, otherAudience }) =>
      send(mcpUrl, agent.call, await proven(agent, { audience: otherAudience })),
  },
  {
    name: "proof from the future",
    how: "had the agent's clock put ahead, to use its call later",
    expected: INVALID_PROOF,
    run: async ({ mcpUrl, agent, audience }) =>
      send(
        mcpUrl,
        agent.call,
        await proven(agent, { audience, clock: { now: () => Date.now() / 1000 + FUTURE_SECONDS } }),
      ),
  },
];

type Message = CapturedRequest["message"];

/** Sends a message with the headers of a captured one, the session's id among them. */
async function send(mcpUrl: string, { headers }: CapturedRequest, message: Message): Promise<Outcome> {
  const body = JSON.stringify({ ...message, jsonrpc: "2.0", id: "thief" });
  const response = await fetch(mcpUrl, { method: "POST", headers, body });
  const text = await response.text();
  const json = /^data: (.*)$/m.exec(text)?.[1] ?? text;
  return outcomeOf((JSON.parse(json) as { readonly error?: unknown }).error);
}

/** The agent's call with a proof of the agent's own making, which the thief got hold of. */
async function proven(
  { key, token, call }: WiretappedAgent,
  options: Pick<CreateProofOptions, "audience" | "clock">,
): Promise<Message> {
  const request = { jsonrpc: "2.0", ...withoutMeta(call.message) } as const;
  return withEvidence(request, { token, proof: await createProof({ key, token, request, ...options }) });
}

function withoutMeta({ method, params }: Message) {
  const { _meta: _, ...others } = { _meta: undefined, ...params };
  return { method, params: others };
}
