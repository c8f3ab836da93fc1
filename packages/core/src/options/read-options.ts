import { kindOf, printable } from "../printable.js";
import { closest } from "./misspelling.js";

/**
 * Reads one option. Returns the option's value, or its default when `value` is `undefined`.
 *
 * @throws {TypeError | RangeError} naming the option by `name` when the value is wrong.
 */
export interface Option<T> {
  (value: unknown, name: string): T;
  /** Whether `undefined` is an error where the option is present: leaving it out is weaker than a value could be. */
  readonly refusesUndefined?: boolean;
}

/** An option that is never taken for absent by mistake: where it is present, it has to have a value. */
export function stated<T>(option: Option<T>): Option<T> {
  return Object.assign((value: unknown, name: string) => option(value, name), { refusesUndefined: true });
}

/** Options as they are read: every default is filled in. Options in `WithoutDefault` may be `undefined`. */
export type SettingsOf<Options, WithoutDefault extends keyof Options> = {
  readonly [Name in Exclude<keyof Options, WithoutDefault>]-?: Exclude<Options[Name], undefined>;
} & {
  readonly [Name in WithoutDefault]-?: Options[Name];
};

/** One reader per option: all that `S` can hold. */
export type OptionsSpec<S extends object> = { readonly [Name in keyof S]-?: Option<S[Name]> };

/**
 * Reads an object of options, member by member: own members, getters and inherited ones alike.
 *
 * @param owner whose options these are, for the messages of errors
 * @throws {TypeError | RangeError} when `given` is no plain object of options, has a member that `spec` does not name,
 *   or has one whose value is wrong.
 */
export function readOptions<S extends object>(owner: string, given: unknown, spec: OptionsSpec<S>): S {
  const { names, options } = readersOf(spec);
  assertOptions(owner, given, names);
  const settings: Record<string, unknown> = {};
  for (const [name, option] of options) settings[name] = readOption(owner, given, name, option);
  return settings as S;
}

interface Readers {
  readonly names: readonly string[];
  readonly options: readonly (readonly [string, Option<unknown>])[];
}

const readers = new WeakMap<object, Readers>();

/** Takes a spec apart once, since a provider reads options for every token. */
function readersOf(spec: object): Readers {
  let known = readers.get(spec);
  if (known === undefined) {
    known = { names: Object.keys(spec), options: Object.entries<Option<unknown>>({ ...spec }) };
    readers.set(spec, known);
  }
  return known;
}

/**
 * A misspelt option would silently leave a check out, so names are checked, not only values.
 *
 * @throws {TypeError} when `options` is no object of options, or has a member that is not among `known`.
 */
export function assertOptions(
  owner: string,
  options: unknown,
  known: readonly string[],
): asserts options is object {
  if (Object.prototype.toString.call(options) !== "[object Object]") {
    throw new TypeError(`${owner} takes an object of options, got ${kindOf(options)}`);
  }
  for (const name of namesIn(options as object)) {
    if (known.includes(name)) continue;
    const meant = closest(name, known);
    const hint = meant === undefined ? `known options: ${known.join(", ")}` : `did you mean "${meant}"?`;
    throw new TypeError(`${owner}: unknown option "${printable(name)}"; ${hint}`);
  }
}

/**
 * Every name under which an object has a member, inherited ones included. Methods of a class that holds options are
 * left out, and so is what every object inherits.
 */
export function namesIn(options: object): Iterable<string> {
  const own = Object.getOwnPropertyNames(options);
  const parent = parentOf(options);
  if (parent === null) return own;
  const names = new Set<string>(own);
  for (let holder: object | null = parent; holder !== null; holder = parentOf(holder)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
      if (typeof value !== "function") names.add(name);
    }
  }
  return names;
}

/** The prototype of `holder`, unless that is the one which every object has. */
function parentOf(holder: object): object | null {
  const parent: object | null = Object.getPrototypeOf(holder);
  const isRoot =
    parent !== null && Object.getPrototypeOf(parent) === null && Object.hasOwn(parent, "isPrototypeOf");
  return isRoot ? null : parent;
}

function readOption<T>(owner: string, given: object, name: string, option: Option<T>): T {
  const value: unknown = (given as Readonly<Record<string, unknown>>)[name];
  if (value === undefined && option.refusesUndefined && name in given) {
    throw new TypeError(`${owner}: ${name} is present but undefined: leave it out, or give it a value`);
  }
  // A method of a class that holds options needs the object that it belongs to.
  const isMethod = typeof value === "function" && !Object.hasOwn(given, name);
  return option(isMethod ? value.bind(given) : value, name);
}
