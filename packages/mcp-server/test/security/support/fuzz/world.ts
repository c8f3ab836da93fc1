import type { AttestationVerifier, VerificationPolicy, VerificationResult, Verifier } from "@attest/core";
import { FixedClock } from "@attest/core/testing";
import type { AttestingServer } from "@attest/mcp-server";
import { createFuzzedServer, SKEW } from "./fuzzed-server.ts";
import { type Genuine, issuer, Tokens } from "./tokens.ts";
import { Witness } from "./witness.ts";

/** One session's server, and what is known of its agent without asking the gate. */
export interface Session {
  readonly server: AttestingServer;
  /** The genuine tokens that the verifier accepted for this session, by their ids. */
  readonly accepted: Map<string, Genuine>;
}

/** Surroundings of one run of the fuzzer. Whatever its servers wait for goes on when the test says so. */
export class World {
  readonly tokens: Tokens;
  /** Events that must not happen, and did. */
  readonly violations: string[] = [];
  readonly #policy: VerificationPolicy;
  readonly #clock = new FixedClock(1_800_000_000);
  readonly #verifier: AttestationVerifier;
  readonly #acceptedAnywhere = new Set<string>();
  readonly #waiting: (() => void)[] = [];

  constructor(policy: VerificationPolicy) {
    this.#policy = policy;
    const clock = this.#clock;
    this.tokens = new Tokens(clock);
    this.#verifier = issuer.verifier({ policy, clock, clockSkewSeconds: SKEW });
  }

  advance(seconds: number): void {
    this.#clock.advance(seconds);
  }

  /** Lets one of those that wait go on; `false` when nobody waits. */
  settle(which = 0): boolean {
    const [goOn] = this.#waiting.splice(which % Math.max(1, this.#waiting.length), 1);
    goOn?.();
    return goOn !== undefined;
  }

  /** @param shared the verifier of all sessions, and what it has accepted for this one; else it has one of its own */
  createSession(shared?: { readonly verifier: Verifier; readonly accepted: Session["accepted"] }): Session {
    const accepted = shared?.accepted ?? new Map<string, Genuine>();
    const witness = new Witness({
      policy: this.#policy,
      accepted,
      isPast: (seconds) => !(this.#clock.now() < seconds + SKEW),
      isToken: (text) => this.tokens.areIn(text),
      violate: (what) => void this.violations.push(what),
    });
    const verifier = shared?.verifier ?? this.verifierFor(() => accepted);
    const pause = () => this.#pause();
    return { server: createFuzzedServer({ verifier, witness, pause }), accepted };
  }

  #pause(): Promise<true> {
    return new Promise((resolve) => this.#waiting.push(() => resolve(true)));
  }

  /**
   * The verifier of all sessions: it answers when the test says so, and notes what it accepts for the session that it is
   * asked about. Before there is a session it answers at once, since an HTTP client waits for that.
   */
  verifierFor(acceptedNow: () => Session["accepted"], isBegun: () => boolean = () => true): Verifier {
    const { policy, trustedIssuers, requiredClaims, clock, clockSkewSeconds } = this.#verifier;
    return {
      policy,
      trustedIssuers,
      requiredClaims,
      clock,
      clockSkewSeconds,
      verify: async (token, presentation) => {
        const accepted = acceptedNow();
        if (isBegun()) await this.#pause();
        if (token === "breaks the verifier") throw new Error("the verifier broke");
        if (token === "confuses the verifier") return { verified: "yes" } as unknown as VerificationResult;
        const result = await this.#verifier.verify(token, presentation);
        if (result.verified) this.#accept(token ?? "", accepted);
        return result;
      },
    };
  }

  #accept(token: string, accepted: Map<string, Genuine>): void {
    const truth = this.tokens.truthOf(token);
    if (truth === undefined) this.violations.push("a token that is not genuine was verified");
    else if (this.#acceptedAnywhere.has(truth.jti)) this.violations.push("a token was verified twice");
    else {
      this.#acceptedAnywhere.add(truth.jti);
      accepted.set(truth.jti, truth);
    }
  }
}
