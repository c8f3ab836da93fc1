export { type CommandOptions, command, type TokenCommand } from "./tokens/command.js";
export { type ExchangeOptions, exchange } from "./tokens/exchange.js";
export { type GitHubActionsOptions, githubActions } from "./tokens/github-actions.js";
export { type GitLabOptions, gitlab } from "./tokens/gitlab.js";
export { type KubernetesOptions, kubernetes } from "./tokens/kubernetes.js";
export type { SubjectTokenSource } from "./tokens/subject-token-source.js";
export { TokenSourceError, type TokenSourceErrorOptions } from "./tokens/token-source-error.js";
export {
  type WorkloadOptions,
  WorkloadPlatform,
  type WorkloadTokenSource,
  workload,
} from "./tokens/workload.js";
