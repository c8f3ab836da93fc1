import { posix, win32 } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Attested } from "../../src/context/attestation-context.js";
import { RuleTable } from "../../src/guard/rule-table.js";
import { settled, uriForms } from "../../src/guard/uri-forms.js";
import { withoutHost } from "../../src/guard/uri-steps.js";

/** A generator of numbers from 0 to below 1 that gives the same ones for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Text = (text: string) => string;

const untilSettled =
  (step: Text): Text =>
  (text) => {
    const next = step(text);
    return next === text ? text : untilSettled(step)(next);
  };
const parse = (uri: string) => new URL(uri);
const noQuery: Text = (text) => text.replace(/[?#].*$/s, "");

/** Ways of handlers from a URI to a path or a key. Each is taken from code that people write. */
const DECODERS: readonly Text[] = [
  (text) => text,
  decodeURIComponent,
  (text) => decodeURIComponent(decodeURIComponent(text)),
  untilSettled(decodeURIComponent),
  decodeURI,
  (text) => decodeURIComponent(decodeURI(text)),
];
const NORMALIZERS: readonly Text[] = [
  (text) => text,
  posix.normalize,
  (path) => posix.join("/", path),
  // A name that begins with two slashes is another computer's.
  (path) => win32.normalize(path.replace(/^[\\/]+/, "/")).replaceAll("\\", "/"),
  (path) => path.replace(/\/{2,}/g, "/"),
  (path) => posix.normalize(path.trim()),
  (path) => path.replace(/\/+$/, ""),
  (path) => path.replace(/;[^/]*/g, ""),
];
const CASES: readonly Text[] = [(text) => text, (text) => text.toLowerCase()];
const FILE_PATHS: readonly Text[] = [
  (uri) => parse(uri).pathname,
  (uri) => parse(parse(uri).href).pathname,
  (uri) => noQuery(uri).slice("file://".length),
  (uri) => uri.slice("file://".length),
  (uri) => uri.replace(/^file:\/*/i, "/"),
  (uri) => parse(decodeURIComponent(uri)).pathname,
  (uri) => parse(uri.normalize("NFKC")).pathname,
  (uri) => fileURLToPath(uri),
  (uri) =>
    fileURLToPath(uri, { windows: true })
      .replace(/^[a-z]:/i, "")
      .replaceAll("\\", "/"),
];
const KEYS: readonly Text[] = [
  (uri) => parse(uri).hostname + parse(uri).pathname,
  (uri) => decodeURIComponent(parse(uri).hostname) + parse(uri).pathname,
  (uri) => parse(decodeURIComponent(uri)).hostname + parse(decodeURIComponent(uri)).pathname,
  (uri) => uri.replace(/^[a-z]+:\/*/i, ""),
  (uri) => noQuery(uri).replace(/^[a-z]+:\/*/i, ""),
  (uri) => parse(uri).host + parse(uri).pathname,
  (uri) => parse(uri.normalize("NFKC")).hostname + parse(uri.normalize("NFKC")).pathname,
  (uri) => parse(uri.replace(/^\w+:/, "http:")).hostname + parse(uri.replace(/^\w+:/, "http:")).pathname,
];

interface Guarded {
  readonly rule: string;
  readonly uri: string;
  readonly readers: readonly Text[];
  readonly isGuarded: (read: string) => boolean;
}

const GUARDED: readonly Guarded[] = [
  {
    rule: "file:///tmp/secret/*",
    uri: "file:///tmp/secret/key",
    readers: FILE_PATHS,
    isGuarded: (path) => path.startsWith("/tmp/secret/") && !path.includes("/../"),
  },
  {
    rule: "file:///tmp/secret/key",
    uri: "file:///tmp/secret/key",
    readers: FILE_PATHS,
    isGuarded: (path) => path === "/tmp/secret/key",
  },
  {
    rule: "file:///tmp/*.pem",
    uri: "file:///tmp/a.pem",
    readers: FILE_PATHS,
    isGuarded: (path) => path.startsWith("/tmp/") && path.endsWith(".pem") && !path.includes("/../"),
  },
  {
    rule: "db://secret/*",
    uri: "db://secret/row",
    readers: KEYS,
    isGuarded: (key) => key.startsWith("secret/") && !key.includes("/../"),
  },
  {
    rule: "https://wiki.example/a/*",
    uri: "https://wiki.example/a/b",
    readers: KEYS,
    isGuarded: (key) => key.startsWith("wiki.example/a/") && !key.includes("/../"),
  },
  {
    rule: "db://10.0.0.1/*",
    uri: "db://10.0.0.1/row",
    readers: KEYS,
    isGuarded: (key) => key.startsWith("10.0.0.1/") && !key.includes("/../"),
  },
];

const escapedOften = (text: string, times: number) =>
  `${encodeURIComponent(text).replaceAll("%", `%${"25".repeat(times)}`)}`;

const escaped = (character: string) =>
  [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");

/** Changes that an attacker makes to a URI. `at` is a place in it; `pick` chooses one of several texts. */
const CHANGES: readonly ((uri: string, at: number, pick: (from: readonly string[]) => string) => string)[] = [
  (uri, at) => uri.slice(0, at) + escaped(uri[at] ?? "") + uri.slice(at + 1),
  (uri, at) => uri.slice(0, at) + escaped(uri[at] ?? "").toUpperCase() + uri.slice(at + 1),
  (uri) => uri.replace(/%/g, "%25"),
  (uri, at, pick) => atSlash(uri, at, pick(["/./", "//", "/x/../", "/x/y/../../", "/..//", "/.//", "///"])),
  (uri, at, pick) =>
    atSlash(uri, at, pick(["%2f", "%5c", "\\", "%2F/", "/%2e/", "/x/%2e%2e/", "/x%2f..%2f"])),
  (uri, at, pick) =>
    atSlash(uri, at, pick(["/x%2fy/../", "/x%2f/../", "/x\\y/../", "/x%5cy/../", "/x%252fy/%2e./"])),
  (uri, at, pick) =>
    atSlash(uri, at, pick(["/x?/../", "/x%3f/../", "/x#/../", ";v=1/", "/;x/", "%00/", "./"])),
  (uri, at) => uri.slice(0, at) + (uri[at] ?? "").toUpperCase() + uri.slice(at + 1),
  (uri, at) => uri.slice(0, at) + wide(uri[at] ?? "") + uri.slice(at + 1),
  (uri, at, pick) =>
    uri.slice(0, at) + pick(["\t", "\n", "\r", "%09", "\u00ad", "\u200b", " "]) + uri.slice(at),
  (uri, _, pick) =>
    uri + pick(["?", "#", "?x", "#x", "/", "//", "/.", "/x/..", "?x/../", "%3f", "%23", ";x", "."]),
  (uri, _, pick) =>
    uri.replace(/:\/\//, pick([":///", ":////", ":/", ":", ":\\\\", ":/\\", "://%2f", ":/%2f"])),
  (uri, _, pick) =>
    uri.replace(/:\/\//, `://${pick(["u@", "u:p@", "u@v@", "x%2f@", "%40", "localhost", "x"])}`),
  (uri, _, pick) => uri.replace(/(:\/\/[^/]+)/, `$1${pick([":1", ":443", ":", ".", "%2e", ":80", "%3a1"])}`),
  (uri, _, pick) => uri.replace("10.0.0.1", pick(["0xa.1", "167772161", "012.0.0.1", "10.1", "0xA.0.0.0x1"])),
  (uri) => uri.replace("wiki.example", "wiki。example"),
  (uri) => ` ${uri} `,
  (uri) => decodeURIComponent(uri),
];

/** Puts `text` in the place of a slash at `at` or behind it. */
function atSlash(uri: string, at: number, text: string): string {
  const slash = uri.indexOf("/", at);
  return slash === -1 ? uri : uri.slice(0, slash) + text + uri.slice(slash + 1);
}

/** The fullwidth form of an ASCII character. */
function wide(character: string): string {
  return /[!-~]/.test(character) ? String.fromCodePoint(character.codePointAt(0) ?? 0 + 0xfee0) : character;
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

describe("rules for resources", () => {
  test("hold for every spelling of a guarded resource that a handler reads as one", () => {
    const random = seeded(20_261_125);
    const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)] as T;
    const tables = new Map(GUARDED.map(({ rule }) => [rule, new RuleTable({ resources: { [rule]: {} } })]));
    const missed: unknown[] = [];
    let reached = 0;
    for (let tried = 0; tried < 50_000; tried += 1) {
      const { rule, uri: plain, readers, isGuarded } = pick(GUARDED);
      let uri = plain;
      for (let left = 1 + Math.floor(random() * 5); left > 0; left -= 1) {
        const at = Math.floor(random() * uri.length);
        uri = attempt(() => pick(CHANGES)(uri, at, pick)) ?? uri;
      }
      const required = tables.get(rule)?.requirementsFor("resources", uri) ?? [];
      for (const read of [pick(readers), pick(readers), pick(readers)]) {
        // A server finds its handlers by the scheme.
        if (
          !uri
            .toLowerCase()
            .trimStart()
            .startsWith(rule.slice(0, rule.indexOf(":") + 1))
        )
          continue;
        const given = attempt(() => read(uri));
        if (given === undefined) continue;
        const change = [pick(DECODERS), pick(NORMALIZERS), pick(CASES), pick(DECODERS), pick(NORMALIZERS)];
        const key = attempt(() => change.reduce((text, step) => step(text), given));
        if (key === undefined || !isGuarded(key)) continue;
        reached += 1;
        if (required.length === 0)
          missed.push({ rule, uri, read: String(read), change: change.map(String), key });
      }
    }
    expect(missed.slice(0, 5)).toEqual([]);
    expect(reached).toBeGreaterThan(40_000);
  }, 120_000);

  test("refuse a URI that does not settle or is longer than any, where there are rules for resources", async () => {
    const table = new RuleTable({ resources: { "db://secret/*": {} }, tools: { "*": {} } });
    const none = new RuleTable({ tools: { "*": {} } });
    const nested = `db://public/${escapedOften("../x", 70)}`;
    for (const uri of [nested, `db://public/${"a".repeat(132_000)}`]) {
      const [refuses, ...others] = table.requirementsFor("resources", uri);
      expect(await refuses?.({} as Attested)).toMatch(/more ways than the rules can follow/);
      expect(others).toEqual([]);
      expect(none.requirementsFor("resources", uri)).toEqual([]);
    }
  });

  test.each([
    "db://public/row",
    "db://secrets/row",
    "db://u@public:1/a%2Fb/../c?x=%2Fsecret#y",
    "DB://Public/%5Bdraft%5D;v=1/",
    "gitlab://projects/group%2Fproject/issues?q=a%26b",
    "https://wiki.example/db%3A//secret/row",
    "https://u:p@wiki.example:8443/a%20b/../c%2Fd?x=1#f",
    "urn:isbn:0451450523",
    "data:text/plain;base64,QQ==",
    "no uri",
    "",
  ])("leave %j alone", (uri) => {
    const table = new RuleTable({ resources: { "db://secret/*": {}, "file:///data/*": {} } });
    expect(table.requirementsFor("resources", uri)).toEqual([]);
  });

  test("hold for plain URIs as they would without the short cut", () => {
    const random = seeded(7);
    const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)] as T;
    const pieces = ["a", "b.c", "d-e", "1", "f_g", "x@y", "h*", "=", "~", "(i)", "j,k", "l+m", "nn.oo.pp"];
    for (let tried = 0; tried < 3_000; tried += 1) {
      const host = pick(["host", "a.example", "x-y.example", "xn--a", "7", "a.1", ""]);
      const path = Array.from(
        { length: 1 + Math.floor(random() * 4) },
        () => pick(pieces) + pick(["", pick(pieces)]),
      );
      const uri = `${pick(["db", "https", "file", "a+b"])}://${host}/${path.join("/")}`;
      const forms = [...(settled(uri) ?? [])];
      expect(uriForms(uri), uri).toEqual(new Set([...forms, ...forms.map(withoutHost)]));
    }
  });

  test.each([
    ["note:///secret/*", "note:///..%2fdata/secret/a"],
    ["note:///secret/*", "note:///..%2f..%2fsrv/data/secret/a"],
    ["note:///secret/*", "note:///a/%2e%2e/../data/secret/a"],
    ["note://secret/*", "note://../data/secret/a"],
    ["note://secret/*", "note://x/..%2f..%2fdata%2fsecret/a"],
    ["file:///data/secret/*", "file:///..\\..\\data\\secret\\a"],
  ])(
    "%s: refuse %s, which leads above the root and may come back by a name that is not known here",
    async (rule, uri) => {
      const table = new RuleTable({ resources: { [rule]: {} } });
      const requirements = table.requirementsFor("resources", uri);
      expect(await requirements[0]?.({} as Attested)).toContain("more ways than the rules can follow");
    },
  );

  test("hold for a path under a host, where the rule has none and the handler reads the path alone", () => {
    const table = new RuleTable({ resources: { "note:///secret/*": {} } });
    for (const uri of ["note://x/secret/a", "note://x:1/secret/a", "note://u@x//secret/./a"]) {
      expect(table.requirementsFor("resources", uri), uri).toHaveLength(1);
    }
    expect(table.requirementsFor("resources", "note://x/public/a")).toHaveLength(0);
  });

  test("are refused when built where they lead above the root, or hide a name behind a wildcard that is not ASCII", () => {
    for (const rule of ["note:///../secret/*", "https://b\u00fcch*/a"]) {
      expect(() => new RuleTable({ resources: { [rule]: {} } }), rule).toThrow(TypeError);
    }
  });
});
