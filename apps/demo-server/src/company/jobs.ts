/** Path of the token service, as a runner's variable names it. */
export const GITHUB_PATH = "/idtoken";

/** Job on the forge, and what the forge knows of it. */
export interface Job {
  /** Secret by which its token service knows the job. */
  readonly requestToken: string;
  readonly claims: Readonly<Record<string, string>>;
}

/** Returns a job of a repository. Names can be registered again; the ids cannot. */
export function jobOf(repository: string, repositoryId: string, ownerId: string): Job {
  const [owner = ""] = repository.split("/");
  return {
    requestToken: crypto.randomUUID(),
    claims: {
      sub: `repo:${repository}:ref:refs/heads/main`,
      repository,
      repository_id: repositoryId,
      repository_owner: owner,
      repository_owner_id: ownerId,
      ref: "refs/heads/main",
      ref_type: "branch",
      workflow: "support-agent",
      event_name: "push",
      runner_environment: "github-hosted",
    },
  };
}

/** Returns the variables that a runner gives a job with the permission `id-token: write`. */
export function runnerVariables({ requestToken }: Job, forge: string): Readonly<Record<string, string>> {
  return {
    GITHUB_ACTIONS: "true",
    ACTIONS_ID_TOKEN_REQUEST_URL: `${forge}${GITHUB_PATH}?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
  };
}

/** Reads jobs that this program wrote itself, into a variable of the forge. */
export function readJobs(json: string): readonly Job[] {
  return JSON.parse(json) as readonly Job[];
}
