/*
 * Claims as the documentation of each platform shows them, for a workload of our own.
 */

interface At {
  readonly iss: string;
  readonly aud: string;
  readonly now: number;
}

/** Service account token of a pod, from `kubectl create token` or a projected volume. */
export function kubernetesClaims({ iss, aud, now }: At): object {
  return {
    aud: [aud],
    exp: now + 3600,
    iat: now,
    iss,
    jti: "ea28ed49-2e11-4280-9ec5-bc3d1d84661a",
    "kubernetes.io": {
      namespace: "agents",
      node: { name: "worker-1", uid: "58456cb0-dd00-45ed-b797-5578fdceaced" },
      pod: { name: "support-69cbfb9798-jv9gn", uid: "778a530c-b3f4-47c0-9cd5-ab018fb64f33" },
      serviceaccount: { name: "support", uid: "a087d5a0-e1dd-43ec-93ac-f13d89cd13af" },
      warnafter: now + 3607,
    },
    nbf: now,
    sub: "system:serviceaccount:agents:support",
  };
}

/** ID token of a GitHub Actions job. */
export function githubClaims({ iss, aud, now }: At): object {
  return {
    jti: "example-id",
    sub: "repo:octo-org/octo-repo:environment:prod",
    environment: "prod",
    aud,
    ref: "refs/heads/main",
    sha: "example-sha",
    repository: "octo-org/octo-repo",
    repository_owner: "octo-org",
    actor_id: "12",
    repository_visibility: "private",
    repository_id: "74",
    repository_owner_id: "65",
    run_id: "example-run-id",
    run_number: "10",
    run_attempt: "2",
    runner_environment: "github-hosted",
    actor: "octocat",
    workflow: "example-workflow",
    head_ref: "",
    base_ref: "",
    event_name: "workflow_dispatch",
    enterprise: "avocado-corp",
    enterprise_id: "2",
    ref_type: "branch",
    job_workflow_ref: "octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main",
    iss,
    nbf: now - 600,
    exp: now + 300,
    iat: now,
  };
}

/** ID token of a GitLab CI job, from the keyword `id_tokens`. */
export function gitlabClaims({ iss, aud, now }: At): object {
  return {
    namespace_id: "72",
    namespace_path: "my-group",
    project_id: "20",
    project_path: "my-group/my-project",
    user_id: "1",
    user_login: "sample-user",
    user_email: "sample-user@example.com",
    pipeline_id: "574",
    pipeline_source: "push",
    job_id: "302",
    ref: "main",
    ref_type: "branch",
    ref_path: "refs/heads/main",
    ref_protected: "true",
    groups_direct: ["my-group", "my-group/agents"],
    environment: "production",
    environment_protected: "true",
    runner_id: 1,
    runner_environment: "self-hosted",
    sha: "714a629c0b401fdce83e847fc9589983fc6f46bc",
    project_visibility: "private",
    ci_config_ref_uri: "gitlab.example.com/my-group/my-project//.gitlab-ci.yml@refs/heads/main",
    jti: "235b3a54-b797-45c7-ae9a-f72d7bc6ef5b",
    iss,
    iat: now,
    nbf: now - 5,
    exp: now + 3600,
    sub: "project_path:my-group/my-project:ref_type:branch:ref:main",
    aud,
  };
}

/** JWT-SVID, which needs no issuer (JWT-SVID §3). */
export function spiffeClaims({ aud, now }: Omit<At, "iss">): object {
  return { sub: "spiffe://prod.example/ns/agents/sa/support", aud: [aud], exp: now + 300, iat: now };
}
