import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { describe, expect, test } from "vitest";
import { publicPackages, ROOT } from "../package-metadata.ts";

/** The sites that pages link to. An address that is not here is invented, or wants to be added. */
const SITES = new Set(["nodeshift.dev", "stryker-mutator.io"]);

const NOT_OURS = new Set(["node_modules", "dist", "coverage", "reports", ".changeset"]);

/** Every page of the repository, by its path from the root. */
const pages = globSync("**/*.md", { cwd: ROOT, exclude: (name) => NOT_OURS.has(basename(name)) })
  .map((page) => page.replaceAll(sep, "/"))
  .sort();

test("there are pages", () => {
  expect(pages).toEqual(
    expect.arrayContaining(["README.md", "docs/architecture.md", "packages/core/README.md"]),
  );
});

test.each(pages)("every link of %s leads somewhere", (page) => {
  expect(linksOf(page).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
});

describe("on a package's page, which shows its README alone", () => {
  test.each(publicPackages())("no link of $name leads out of the package", ({ folder }) => {
    const page = relative(ROOT, join(folder, "README.md"));
    const outside = linksOf(page).filter(
      (link) => !/^(https:|#)/.test(link) && !isInside(folder, targetOf(page, link).path),
    );
    expect(outside).toEqual([]);
  });
});

/** Returns where the links of a page lead, those in its code left out. */
function linksOf(page: string): readonly string[] {
  const prose = readFileSync(join(ROOT, page), "utf8")
    .replaceAll(/^(`{3,}).*\n[\s\S]*?^\1/gm, "")
    .replaceAll(/`[^`\n]*`/g, "code");
  return [...prose.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)/gm)].map(
    ([, inline, reference]) => inline ?? reference ?? "",
  );
}

function leadsSomewhere(page: string, link: string): boolean {
  if (/^[a-z]+:/i.test(link)) return link.startsWith("https://") && SITES.has(new URL(link).hostname);
  const { path, anchor } = targetOf(page, link);
  if (!isInside(ROOT, path) || !existsSync(path)) return false;
  if (anchor === undefined) return true;
  const target = statSync(path).isDirectory() ? join(path, "README.md") : path;
  return existsSync(target) && anchorsOf(readFileSync(target, "utf8")).has(anchor);
}

function targetOf(page: string, link: string): { readonly path: string; readonly anchor?: string } {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? join(ROOT, page) : resolve(ROOT, dirname(page), decodeURIComponent(path));
  return { path: target, ...(anchor === undefined ? {} : { anchor }) };
}

/** Returns the anchors that a page's headings have where Markdown is shown on the web. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const anchors = new Set([...markdown.matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, id = ""]) => id));
  for (const [, heading = ""] of markdown.replaceAll(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ (.+)$/gm)) {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}
