import { readFileSync } from "node:fs";
import * as v from "valibot";
import { assertMembers, parsePolicyText } from "../policy/policy-document.js";
import { readShape } from "../policy/shape.js";
import { StartError } from "./start-error.js";

/** An issuer's file, read. */
export interface IssuerConfig {
  readonly issuer: string;
  readonly trustDomain: string;
  /** Path of the keys file. */
  readonly keys: { readonly file: string };
  /** Address that is listened on. */
  readonly listen: string;
  readonly platforms: unknown;
  readonly rules: unknown;
}

const config = v.strictObject({
  issuer: v.string("must be text"),
  trustDomain: v.string("must be text"),
  keys: v.strictObject({ file: v.pipe(v.string("must be text"), v.minLength(1, "must be a path")) }),
  listen: v.optional(
    v.pipe(
      v.string("must be text"),
      v.regex(/^(?:[\w.-]+|\[[0-9a-f:]+\]):\d{1,5}$/i, "must be <host>:<port>"),
    ),
    "127.0.0.1:8080",
  ),
  platforms: v.unknown(),
  rules: v.unknown(),
});

/**
 * Reads an issuer's file: who it is, where it listens and has its keys, and its trust policy.
 *
 * @throws {StartError} when the file cannot be read.
 * @throws {TrustPolicyError} naming the member that is wrong.
 */
export function readConfig(file: string): IssuerConfig {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const { code = "unknown error" } = cause as NodeJS.ErrnoException;
    throw new StartError(`the config file cannot be read (${code})`, { cause });
  }
  const document = parsePolicyText(text);
  assertMembers(document);
  return readShape(config, document, "the config", Object.keys(config.entries));
}
