import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { bytesOf } from "../encoding/bytes.js";
import { encodeUtf8 } from "../encoding/utf8.js";
import { optional } from "../options/option-kinds.js";
import type { Option, OptionsSpec } from "../options/read-options.js";
import { kindOf } from "../printable.js";
import { type Checked, readUnlessChecked } from "./checked-options.js";

const INTEGRITY_HASH = /^sha256:[0-9a-f]{64}$/i;

export interface AgentIntegrityOptions {
  /** Hash of the agent's configuration, as `sha256:<64 hex digits>`. Default: not stated. */
  readonly configHash?: string | undefined;
  /** Hash of the agent's system prompt, as `sha256:<64 hex digits>`. Default: not stated. */
  readonly systemPromptHash?: string | undefined;
}

interface Settings {
  readonly configHash: string | undefined;
  readonly systemPromptHash: string | undefined;
}

const hashOption: Option<string> = (value, name) => {
  if (isIntegrityHash(value)) return value;
  throw new TypeError(
    `${name} must be "sha256:" and 64 hex digits (see AgentIntegrity.computeHash), got ${kindOf(value)}`,
  );
};

const SPEC: OptionsSpec<Settings> = {
  configHash: optional(hashOption),
  systemPromptHash: optional(hashOption),
};

/** Hashes by which a server can recognise an agent's configuration without being shown it. */
export class AgentIntegrity {
  readonly configHash: string | undefined;
  readonly systemPromptHash: string | undefined;

  /** @throws {TypeError} when a hash is not `sha256:` and 64 hex digits. */
  constructor(options?: AgentIntegrityOptions);
  /** @internal */
  constructor(options: AgentIntegrityOptions, checked: Checked);
  constructor(options: AgentIntegrityOptions = {}, checked?: Checked) {
    const settings = readUnlessChecked("AgentIntegrity", options, SPEC, checked);
    // One spelling, so that hashes can be compared as strings.
    this.configHash = settings.configHash?.toLowerCase();
    this.systemPromptHash = settings.systemPromptHash?.toLowerCase();
    Object.freeze(this);
  }

  /**
   * Returns `sha256:` and the lower-case hex SHA-256 of `content`. A string is hashed as its UTF-8 bytes.
   *
   * @throws {TypeError} when it is neither a string nor bytes.
   */
  static computeHash(content: string | Uint8Array | ArrayBuffer): string {
    const bytes = typeof content === "string" ? encodeUtf8(content) : bytesOf(content);
    if (bytes === undefined) {
      throw new TypeError(`content must be a string or a Uint8Array, got ${kindOf(content)}`);
    }
    return `sha256:${bytesToHex(sha256(bytes))}`;
  }
}

/** Whether `value` is `sha256:` and 64 hex digits. */
export function isIntegrityHash(value: unknown): value is string {
  return typeof value === "string" && INTEGRITY_HASH.test(value);
}
