import { optional } from "../options/option-kinds.js";
import type { OptionsSpec } from "../options/read-options.js";
import { printable } from "../printable.js";
import { type Checked, readUnlessChecked } from "./checked-options.js";
import { nameOption } from "./name.js";
import { isSpiffeId } from "./spiffe-id.js";

export interface AgentIdentityOptions {
  /** Family of the model, such as `claude-4`. */
  readonly modelFamily: string;
  /** Exact model, such as `claude-sonnet-4-20250514`. */
  readonly modelVersion: string;
  /** Company that makes and runs the model, such as `anthropic`. */
  readonly provider: string;
  /** Deployment of the model, such as `api-prod-us-east`. Default: not stated. */
  readonly deploymentId?: string | undefined;
}

interface Settings {
  readonly modelFamily: string;
  readonly modelVersion: string;
  readonly provider: string;
  readonly deploymentId: string | undefined;
}

const SPEC: OptionsSpec<Settings> = {
  modelFamily: nameOption,
  modelVersion: nameOption,
  provider: nameOption,
  deploymentId: optional(nameOption),
};

/** Identity of an agent: which model it is, and who provides it. */
export class AgentIdentity {
  readonly modelFamily: string;
  readonly modelVersion: string;
  readonly provider: string;
  readonly deploymentId: string | undefined;

  /** @throws {TypeError} when a member is not a string of 1 to 256 characters. */
  constructor(options: AgentIdentityOptions);
  /** @internal */
  constructor(options: AgentIdentityOptions, checked: Checked);
  constructor(options: AgentIdentityOptions, checked?: Checked) {
    const settings = readUnlessChecked("AgentIdentity", options, SPEC, checked);
    this.modelFamily = settings.modelFamily;
    this.modelVersion = settings.modelVersion;
    this.provider = settings.provider;
    this.deploymentId = settings.deploymentId;
    Object.freeze(this);
  }

  /**
   * Returns the agent's SPIFFE ID, `spiffe://<trust domain>/model/<model version>`.
   *
   * @param trustDomain Default: `<provider>.com`.
   * @throws {TypeError} when the trust domain or the model version has a character that SPIFFE IDs exclude
   *   (SPIFFE-ID §2). Pass a `subject` of your own to `createToken` then.
   */
  toSpiffeId(trustDomain: string = `${this.provider}.com`): string {
    const id = `spiffe://${trustDomain}/model/${this.modelVersion}`;
    if (!isSpiffeId(id)) {
      throw new TypeError(
        `"${printable(id)}" is not a SPIFFE ID: the trust domain is made of [a-z0-9._-], the model version of [A-Za-z0-9._-]`,
      );
    }
    return id;
  }
}
