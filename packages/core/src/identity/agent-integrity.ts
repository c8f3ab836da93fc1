import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { encodeUtf8 } from "../encoding/utf8.js";
import { assertOptions } from "../options/read-options.js";
import { kindOf } from "../printable.js";
import { CHECKED, type Checked } from "./checked.js";

const INTEGRITY_HASH = /^sha256:[0-9a-f]{64}$/i;

export interface AgentIntegrityOptions {
  /** Hash of the agent's configuration, as `sha256:<64 hex digits>`. */
  readonly configHash?: string | undefined;
  /** Hash of the agent's system prompt, as `sha256:<64 hex digits>`. */
  readonly systemPromptHash?: string | undefined;
}

/** Hashes by which a server can recognise an agent's configuration without being shown it. */
export class AgentIntegrity {
  readonly configHash: string | undefined;
  readonly systemPromptHash: string | undefined;

  /** @throws {TypeError} when a hash is not `sha256:` and 64 hex digits. */
  constructor(options?: AgentIntegrityOptions);
  /** @internal */
  constructor(options: AgentIntegrityOptions, checked: Checked);
  constructor(options: AgentIntegrityOptions = {}, checked?: Checked) {
    const { configHash, systemPromptHash } = Object(options) as AgentIntegrityOptions;
    if (checked !== CHECKED) {
      assertOptions("AgentIntegrity", options, ["configHash", "systemPromptHash"]);
      assertHash("configHash", configHash);
      assertHash("systemPromptHash", systemPromptHash);
    }
    // One spelling, so that hashes can be compared as strings.
    this.configHash = configHash?.toLowerCase();
    this.systemPromptHash = systemPromptHash?.toLowerCase();
    Object.freeze(this);
  }

  /** `sha256:` and the lower-case hex SHA-256 of `content`; a string is hashed as its UTF-8 bytes. */
  static computeHash(content: string | Uint8Array): string {
    return `sha256:${bytesToHex(sha256(typeof content === "string" ? encodeUtf8(content) : content))}`;
  }
}

/** Whether `value` is `sha256:` and 64 hex digits. */
export function isIntegrityHash(value: unknown): value is string {
  return typeof value === "string" && INTEGRITY_HASH.test(value);
}

function assertHash(option: string, value: unknown): void {
  if (value !== undefined && !isIntegrityHash(value)) {
    throw new TypeError(
      `${option} must be "sha256:" and 64 hex digits (see AgentIntegrity.computeHash), got ${kindOf(value)}`,
    );
  }
}
