import { assertOptions } from "../options/read-options.js";
import { printable } from "../printable.js";
import { CHECKED, type Checked } from "./checked.js";
import { assertName } from "./name.js";
import { isSpiffeId } from "./spiffe-id.js";

export interface AgentIdentityOptions {
  /** The model's family, such as `claude-4`. */
  readonly modelFamily: string;
  /** The exact model, such as `claude-sonnet-4-20250514`. */
  readonly modelVersion: string;
  /** Who makes and runs the model, such as `anthropic`. */
  readonly provider: string;
  /** Which deployment of it, such as `api-prod-us-east`. */
  readonly deploymentId?: string | undefined;
}

/** Which model an agent is, and whose. */
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
    const { modelFamily, modelVersion, provider, deploymentId } = Object(options) as AgentIdentityOptions;
    if (checked !== CHECKED) {
      assertOptions("AgentIdentity", options, ["modelFamily", "modelVersion", "provider", "deploymentId"]);
      assertName("modelFamily", modelFamily);
      assertName("modelVersion", modelVersion);
      assertName("provider", provider);
      if (deploymentId !== undefined) assertName("deploymentId", deploymentId);
    }
    this.modelFamily = modelFamily;
    this.modelVersion = modelVersion;
    this.provider = provider;
    this.deploymentId = deploymentId;
    Object.freeze(this);
  }

  /**
   * The agent's SPIFFE ID, `spiffe://<trust domain>/model/<model version>`.
   *
   * @param trustDomain defaults to `<provider>.com`
   * @throws {TypeError} when the trust domain or the model version has a character that SPIFFE IDs exclude
   *   (SPIFFE-ID §2); pass a `subject` of your own to `createToken` then.
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
