import { open } from "node:fs/promises";
import { type OptionsSpec, printable, readOptions, type SettingsOf, text } from "@attest/core/internal";
import { MAX_TOKEN_CHARACTERS, readJwt, type SubjectTokenSource } from "./subject-token-source.js";
import { TokenSourceError } from "./token-source-error.js";

export interface KubernetesOptions {
  /** Path of the projected service account token. Default: `/var/run/secrets/attest/token`. */
  readonly path?: string | undefined;
}

/** Where a projected token for the issuer is mounted by convention. The cluster's own token is for its API server. */
export const KUBERNETES_TOKEN_PATH = "/var/run/secrets/attest/token";

const PATH = text();
const OPTIONS: OptionsSpec<SettingsOf<KubernetesOptions, never>> = {
  path: (value = KUBERNETES_TOKEN_PATH, name) => PATH(value, name),
};

/**
 * Returns the source of a pod's service account token, from a projected volume whose audience is the issuer. The file is
 * read for every exchange, since the kubelet writes a new token into it before the old one expires.
 *
 * The source rejects with a {@link TokenSourceError} when the file is missing, cannot be read, or holds no JWT.
 *
 * @throws {TypeError} naming the option that is wrong.
 */
export function kubernetes(options: KubernetesOptions = {}): SubjectTokenSource {
  const { path } = readOptions("kubernetes", options, OPTIONS);
  return async () => readJwt(await readStart(path), `kubernetes: ${printable(path)}`);
}

/** Returns the file's text, as far as a token can be long, and one character beyond. */
async function readStart(path: string): Promise<string> {
  try {
    await using file = await open(path, "r");
    if (!(await file.stat()).isFile()) throw Object.assign(new Error("not a file"), { code: "EISDIR" });
    // White space around the token is no part of it.
    const bytes = new Uint8Array(MAX_TOKEN_CHARACTERS + 16);
    const { bytesRead } = await file.read(bytes);
    return new TextDecoder().decode(bytes.subarray(0, bytesRead));
  } catch (cause) {
    const { code = "unknown error" } = cause as NodeJS.ErrnoException;
    throw new TokenSourceError(`kubernetes: ${printable(path)} cannot be read (${code}): ${remedyOf(code)}`, {
      cause,
    });
  }
}

function remedyOf(code: string): string {
  if (code === "ENOENT")
    return "mount a projected volume there, with a serviceAccountToken whose audience is the issuer";
  if (code === "EACCES")
    return "the container's user may not read it: set fsGroup in the pod's securityContext";
  return "it must be a file that holds a token";
}
