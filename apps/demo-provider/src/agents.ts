import { AgentIdentity, AgentIntegrity, SafetyLevel } from "@attest/core";
import { describeIssue, objectMessage, StartError } from "@attest/demo-service";
import * as v from "valibot";
import { bearerKey, KeyHash } from "./bearer.js";

/** An agent that this provider vouches for. */
export interface Agent {
  readonly identity: AgentIdentity;
  readonly integrity: AgentIntegrity | undefined;
  /** The safety levels it may be attested at; the first is the default. */
  readonly safetyLevels: readonly SafetyLevel[];
}

const name = v.pipe(
  v.string("must be a string"),
  v.regex(/^[ -~]{1,256}$/, "must have 1 to 256 printable ASCII characters"),
);
const hash = v.pipe(
  v.string("must be a string"),
  v.regex(/^sha256:[0-9a-f]{64}$/i, 'must be "sha256:" and 64 hex digits'),
);

/** Strict, so that a misspelt member is a clear message and not an agent that is missing something. */
const agentSchema = v.strictObject(
  {
    apiKey: bearerKey,
    modelFamily: name,
    // It becomes a segment of the agent's SPIFFE ID.
    modelVersion: v.pipe(
      name,
      v.regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]+$/, "must be made of letters, digits, '.', '_' and '-'"),
    ),
    provider: name,
    deploymentId: v.optional(name),
    safetyLevels: v.optional(
      v.pipe(
        v.array(
          v.picklist(Object.values(SafetyLevel), `must be one of ${Object.values(SafetyLevel).join(", ")}`),
          "must be a list",
        ),
        v.minLength(1, "must name at least one level"),
      ),
      [SafetyLevel.STANDARD],
    ),
    configHash: v.optional(hash),
    systemPromptHash: v.optional(hash),
  },
  objectMessage,
);
const agentsSchema = v.pipe(
  v.array(agentSchema, "must be a JSON list of agents"),
  v.minLength(1, "must name at least one agent"),
  v.check(
    (agents) => new Set(agents.map(({ apiKey }) => apiKey)).size === agents.length,
    "must give every agent an apiKey of its own",
  ),
);

/** The agents this provider knows, by their API keys, of which it keeps the hashes only. */
export class AgentRegistry {
  readonly #agents: readonly { readonly keyHash: KeyHash; readonly agent: Agent }[];

  private constructor(agents: v.InferOutput<typeof agentsSchema>) {
    this.#agents = agents.map(({ apiKey, safetyLevels, configHash, systemPromptHash, ...identity }) => {
      const hasHashes = configHash !== undefined || systemPromptHash !== undefined;
      const agent: Agent = {
        identity: new AgentIdentity(identity),
        integrity: hasHashes ? new AgentIntegrity({ configHash, systemPromptHash }) : undefined,
        safetyLevels,
      };
      return { keyHash: new KeyHash(apiKey), agent };
    });
  }

  /**
   * The registry in a JSON list, as the variable AGENTS holds it.
   *
   * @throws {StartError} naming the member that is wrong, never its value.
   */
  static fromJson(json: string): AgentRegistry {
    let list: unknown;
    try {
      list = JSON.parse(json);
    } catch (cause) {
      throw new StartError("AGENTS is not JSON; set it to a JSON list of agents", { cause });
    }
    const parsed = v.safeParse(agentsSchema, list, { abortEarly: true });
    if (!parsed.success) {
      const { field, problem } = describeIssue(parsed.issues[0]);
      throw new StartError(`AGENTS${field === "" ? "" : ` at ${field}`} ${problem}`);
    }
    return new AgentRegistry(parsed.output);
  }

  /** The agent whose API key this is. Takes equally long whatever is right about a wrong key. */
  find(apiKey: string): Agent | undefined {
    let found: Agent | undefined;
    for (const { keyHash, agent } of this.#agents) {
      if (keyHash.matches(apiKey)) found = agent;
    }
    return found;
  }
}
