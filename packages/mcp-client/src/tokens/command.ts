import {
  kindOf,
  MAX_TIMER_SECONDS,
  type Option,
  type OptionsSpec,
  readOptions,
  type SettingsOf,
  seconds,
  text,
} from "@attest/core/internal";
import type { TokenRequest } from "../evidence/token-source.js";
import { runCommand } from "./run-command.js";
import { readJwt } from "./subject-token-source.js";

export interface CommandOptions {
  /** Program to run: a path, or a name that is looked up in `PATH`. No shell reads it. */
  readonly command: string;
  /** Arguments of the program. Default: none. */
  readonly args?: readonly string[] | undefined;
  /** Longest time that the program may run, in seconds. It is killed then. Default: 30 s. */
  readonly timeoutSeconds?: number | undefined;
}

/** Runs a command for a token. It serves as `getToken` of a client, and as `subjectToken` of an exchange. */
export type TokenCommand = (request?: TokenRequest) => Promise<string>;

type CommandSettings = SettingsOf<CommandOptions, never>;

/** Reads arguments. One may be empty; none can hold a null character, which ends an argument for the system. */
const argumentList: Option<readonly string[]> = (value = [], name) => {
  const isList = Array.isArray(value) && value.every((entry) => typeof entry === "string");
  if (isList && !value.some((entry: string) => entry.includes("\0"))) return value;
  throw new TypeError(`${name} must be a list of strings without null characters, got ${kindOf(value)}`);
};

const OPTIONS: OptionsSpec<CommandSettings> = {
  command: text(),
  args: argumentList,
  timeoutSeconds: seconds(30, { min: 0.001, max: MAX_TIMER_SECONDS }),
};

/**
 * Returns a token source that runs a program and takes what it writes to stdout. The program gets this process's
 * environment; besides, as far as the client says them, `ATTEST_AUDIENCE`, and `ATTEST_CONFIRMATION_KEY`, the public JWK that
 * the token has to be bound to. Its stderr is this process's.
 *
 * The source rejects with a {@link TokenSourceError} when the program does not start, fails, takes too long, or writes no JWT.
 *
 * @throws {TypeError | RangeError} naming the option that is wrong.
 */
export function command(options: CommandOptions): TokenCommand {
  const settings = readOptions("command", options, OPTIONS);
  return async ({ audience, confirmationKey } = { audience: undefined }) => {
    const environment = {
      ATTEST_AUDIENCE: audience,
      ATTEST_CONFIRMATION_KEY: confirmationKey === undefined ? undefined : JSON.stringify(confirmationKey),
    };
    return readJwt(await runCommand(settings, environment), "command: the program");
  };
}
