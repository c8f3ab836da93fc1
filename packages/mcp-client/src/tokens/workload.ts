import { existsSync } from "node:fs";
import {
  MAX_TIMER_SECONDS,
  type OptionsSpec,
  printable,
  readOptions,
  type SettingsOf,
  seconds,
  text,
} from "@attest/core/internal";
import { githubActions } from "./github-actions.js";
import { gitlab, variableOption } from "./gitlab.js";
import { KUBERNETES_TOKEN_PATH, kubernetes } from "./kubernetes.js";
import type { SubjectTokenSource } from "./subject-token-source.js";
import { TokenSourceError } from "./token-source-error.js";
import { allowInsecureOption } from "./token-url.js";

/** Platforms that {@link workload} looks for, in its order. */
export const WorkloadPlatform = {
  GITHUB_ACTIONS: "github-actions",
  GITLAB: "gitlab",
  KUBERNETES: "kubernetes",
} as const;
export type WorkloadPlatform = (typeof WorkloadPlatform)[keyof typeof WorkloadPlatform];

export interface WorkloadOptions {
  /** Audience of the token, where it is asked for: the issuer, by its name. */
  readonly audience: string;
  /** As in {@link gitlab}. Default: `ATTEST_ID_TOKEN`. */
  readonly variable?: string | undefined;
  /** As in {@link kubernetes}. Default: `/var/run/secrets/attest/token`. */
  readonly path?: string | undefined;
  /** As in {@link githubActions}. Default: 10 s. */
  readonly timeoutSeconds?: number | undefined;
  /** As in {@link githubActions}. Default: `false`. */
  readonly allowInsecure?: "loopback" | false | undefined;
}

type WorkloadSettings = SettingsOf<WorkloadOptions, never>;

/** Source of a workload's token, which says where it comes from. */
export interface WorkloadTokenSource extends SubjectTokenSource {
  readonly platform: WorkloadPlatform;
}

const PATH = text();
const OPTIONS: OptionsSpec<WorkloadSettings> = {
  audience: text(),
  variable: variableOption,
  path: (value = KUBERNETES_TOKEN_PATH, name) => PATH(value, name),
  timeoutSeconds: seconds(10, { min: 0.001, max: MAX_TIMER_SECONDS }),
  allowInsecure: allowInsecureOption,
};

/**
 * Returns the source of the token that this workload's platform gives it, once it has found the platform: GitHub Actions
 * by `GITHUB_ACTIONS`, GitLab CI by `GITLAB_CI`, Kubernetes by `KUBERNETES_SERVICE_HOST` or the token's file. The first of
 * them decides, also where it gives no token: a CI job that runs in a cluster is not the pod that it runs in.
 *
 * @throws {TokenSourceError} saying what it looked for, when it finds no platform.
 * @throws {TypeError | RangeError} naming the option that is wrong.
 */
export function workload(options: WorkloadOptions): WorkloadTokenSource {
  const settings = readOptions("workload", options, OPTIONS);
  const platform = findPlatform(settings);
  return Object.assign(sourceOf(platform, settings), { platform });
}

function findPlatform({ path }: WorkloadSettings): WorkloadPlatform {
  if (process.env["GITHUB_ACTIONS"] === "true") return WorkloadPlatform.GITHUB_ACTIONS;
  if (process.env["GITLAB_CI"] === "true") return WorkloadPlatform.GITLAB;
  if (process.env["KUBERNETES_SERVICE_HOST"] !== undefined || existsSync(path))
    return WorkloadPlatform.KUBERNETES;
  throw new TokenSourceError(
    `workload found no platform: GITHUB_ACTIONS and GITLAB_CI are not "true", KUBERNETES_SERVICE_HOST is not set, and there is no file ${printable(path)}; give a subjectToken of your own`,
  );
}

function sourceOf(platform: WorkloadPlatform, settings: WorkloadSettings): SubjectTokenSource {
  const { audience, variable, path, timeoutSeconds, allowInsecure } = settings;
  switch (platform) {
    case WorkloadPlatform.GITHUB_ACTIONS:
      return githubActions({ audience, timeoutSeconds, allowInsecure });
    case WorkloadPlatform.GITLAB:
      return gitlab({ variable });
    case WorkloadPlatform.KUBERNETES:
      return kubernetes({ path });
  }
}
