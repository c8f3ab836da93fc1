export { describeIssue, objectMessage, type Problem } from "./describe-issue.js";
export { type Environment, readEnvironment, trustDomain, wholeNumber } from "./environment.js";
export { runService, type Service } from "./run-service.js";
export { StartError } from "./start-error.js";
