import {
  MAX_TIMER_SECONDS,
  membersOf,
  type OptionsSpec,
  readOptions,
  type SettingsOf,
  seconds,
  text,
} from "@attest/core/internal";
import { fetchJson } from "./fetch-json.js";
import { readJwt, type SubjectTokenSource } from "./subject-token-source.js";
import { TokenSourceError } from "./token-source-error.js";
import { allowInsecureOption, tokenUrl } from "./token-url.js";

export interface GitHubActionsOptions {
  /** Audience of the token: the issuer, by its name. */
  readonly audience: string;
  /** Longest time for GitHub's answer, in seconds. Default: 10 s. */
  readonly timeoutSeconds?: number | undefined;
  /** `"loopback"` allows http to this machine, for tests. Default: `false`. */
  readonly allowInsecure?: "loopback" | false | undefined;
}

type GitHubActionsSettings = SettingsOf<GitHubActionsOptions, never>;

const OPTIONS: OptionsSpec<GitHubActionsSettings> = {
  audience: text(),
  timeoutSeconds: seconds(10, { min: 0.001, max: MAX_TIMER_SECONDS }),
  allowInsecure: allowInsecureOption,
};

const URL_VARIABLE = "ACTIONS_ID_TOKEN_REQUEST_URL";
const TOKEN_VARIABLE = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
const WHO = "githubActions: GitHub's token service";
const PERMISSION = "give the job `permissions: { id-token: write }`";
/** Text that a header can hold. `fetch` quotes the whole header when it refuses one. */
const VISIBLE = /^[!-~]+$/;

/**
 * Returns the source of a GitHub Actions job's ID token, which it asks the runner's token service for. The job needs the
 * permission `id-token: write`.
 *
 * The source rejects with a {@link TokenSourceError} when the job has no such permission, or the service gives no token.
 *
 * @throws {TypeError | RangeError} naming the option that is wrong.
 */
export function githubActions(options: GitHubActionsOptions): SubjectTokenSource {
  const { audience, timeoutSeconds, allowInsecure } = readOptions("githubActions", options, OPTIONS);
  return async () => {
    const requestUrl = variable(URL_VARIABLE);
    const requestToken = variable(TOKEN_VARIABLE);
    if (!VISIBLE.test(requestToken))
      throw new TokenSourceError(`githubActions: ${TOKEN_VARIABLE} has characters that no token has`);
    const url = tokenUrl(requestUrl, allowInsecure, unusable);
    url.searchParams.set("audience", audience);
    const headers = { authorization: `Bearer ${requestToken}` };
    const { status, document } = await fetchJson({ url, method: "GET", headers, timeoutSeconds, who: WHO });
    if (status !== 200) {
      const remedy = status === 401 || status === 403 ? `: ${PERMISSION}` : "";
      throw new TokenSourceError(`${WHO} answered with status ${status}${remedy}`, { status });
    }
    return readJwt(membersOf(document)["value"], WHO);
  };
}

function unusable(problem: string): TokenSourceError {
  return new TokenSourceError(`githubActions: ${URL_VARIABLE} ${problem}`);
}

function variable(name: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== "") return value;
  throw new TokenSourceError(
    `githubActions: ${name} is not set: run in a GitHub Actions job, and ${PERMISSION}`,
  );
}
