import { kindOf, type Option, type OptionsSpec, readOptions, type SettingsOf } from "@attest/core/internal";
import { readJwt, type SubjectTokenSource } from "./subject-token-source.js";
import { TokenSourceError } from "./token-source-error.js";

export interface GitLabOptions {
  /** Name of the ID token in the job's `id_tokens`, which is a variable of the same name. Default: `ATTEST_ID_TOKEN`. */
  readonly variable?: string | undefined;
}

const DEFAULT_VARIABLE = "ATTEST_ID_TOKEN";

/** Reads the name of an environment variable. A token itself, given by mistake, would be no name. */
export const variableOption: Option<string> = (value = DEFAULT_VARIABLE, name) => {
  if (typeof value === "string" && /^[A-Za-z_]\w{0,127}$/.test(value)) return value;
  throw new TypeError(`${name} must be the name of an environment variable, got ${kindOf(value)}`);
};

const OPTIONS: OptionsSpec<SettingsOf<GitLabOptions, never>> = { variable: variableOption };

/**
 * Returns the source of a GitLab CI job's ID token. GitLab puts the tokens that a job's `id_tokens` names into variables.
 *
 * The source rejects with a {@link TokenSourceError} when the variable is not set, or holds no JWT.
 *
 * @throws {TypeError} naming the option that is wrong.
 */
export function gitlab(options: GitLabOptions = {}): SubjectTokenSource {
  const { variable } = readOptions("gitlab", options, OPTIONS);
  return async () => {
    const token = process.env[variable];
    if (token !== undefined && token !== "") return readJwt(token, `gitlab: the variable ${variable}`);
    throw new TokenSourceError(
      `gitlab: the variable ${variable} is not set: give the job \`id_tokens: { ${variable}: { aud: <the issuer> } }\``,
    );
  };
}
