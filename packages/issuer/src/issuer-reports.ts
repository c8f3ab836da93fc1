import { type AttestationObserver, decodeToken } from "@attest/core";
import { causesOf, notify, printable } from "@attest/core/internal";
import type { Issued } from "./endpoint/exchange.js";
import type { IssuerEvent } from "./events.js";
import type { TrustPolicy } from "./policy/trust-policy.js";
import { REFUSALS, type Refusal } from "./subject/refusal.js";

/** Reports to operators. Whatever their observer throws stays there. */
export class IssuerReports {
  readonly #observer: AttestationObserver<IssuerEvent> | undefined;

  constructor(observer: AttestationObserver<IssuerEvent> | undefined) {
    this.#observer = observer;
  }

  issued(
    { token, rule, workload, subject, confirmationKey }: Issued,
    audience: string,
    startedAt: number,
  ): void {
    if (this.#observer === undefined) return;
    const { claims } = decodeToken(token);
    this.#notify({
      type: "attestation_issued",
      rule: rule.name,
      platform: workload.platform.name,
      platformSubject: printable(workload.subject),
      subject,
      model: printable(rule.identity.modelVersion),
      audience: printable(audience),
      jti: claims.jti.slice(0, 8),
      keyThumbprint: confirmationKey?.thumbprint() ?? null,
      expiresAt: claims.exp,
      durationSeconds: secondsSince(startedAt),
    });
  }

  refused({ kind, message, about, cause }: Refusal, audience: string | undefined, startedAt: number): void {
    this.#notify({
      type: "attestation_refused",
      error: REFUSALS[kind][1],
      kind,
      detail: printable(message),
      platform: about.platform ?? null,
      platformSubject: about.platformSubject === undefined ? null : printable(about.platformSubject),
      rule: about.rule ?? null,
      audience: audience === undefined ? null : printable(audience),
      rules: about.rules ?? [],
      cause: cause === undefined ? [] : causesOf(cause),
      durationSeconds: secondsSince(startedAt),
    });
  }

  policyLoaded({ platforms, rules }: TrustPolicy): void {
    this.#notify({ type: "policy_loaded", platforms: platforms.length, rules: rules.length });
  }

  policyRefused(cause: unknown): void {
    this.#notify({ type: "policy_refused", cause: causesOf(cause) });
  }

  #notify(event: IssuerEvent): void {
    if (this.#observer !== undefined) notify(this.#observer, event);
  }
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1000;
}
