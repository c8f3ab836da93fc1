import * as v from "valibot";
import { describeIssue } from "./describe-issue.js";
import { StartError } from "./start-error.js";

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment as `schema` reads it. An empty variable counts as unset.
 *
 * @throws {StartError} naming the variable that is wrong.
 */
export function readEnvironment<Schema extends v.GenericSchema<unknown, unknown>>(
  schema: Schema,
  environment: Environment,
): v.InferOutput<Schema> {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = v.safeParse(schema, set, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const { field, problem } = describeIssue(parsed.issues[0]);
  throw new StartError(`${field} ${problem}`);
}

/** A variable that holds a whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number): v.GenericSchema<string, number> {
  const problem = `must be a whole number from ${min} to ${max}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,9}$/, problem),
    v.transform(Number),
    v.minValue(min, problem),
    v.maxValue(max, problem),
  );
}

/** A variable that holds a SPIFFE trust domain. */
export const trustDomain: v.GenericSchema<string, string> = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9._-]{1,255}$/, "must be a SPIFFE trust domain: up to 255 of a-z, 0-9, '.', '_' and '-'"),
);
