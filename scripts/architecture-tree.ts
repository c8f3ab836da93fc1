import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sourcesOf } from "./import-graph.ts";
import { publicPackages, ROOT } from "./package-metadata.ts";

/* `pnpm run tree` draws the tree of sources in docs/architecture.md; a test says when it is stale. */
const PAGE = join(ROOT, "docs/architecture.md");
const TREE = /(?<=<!-- tree: pnpm run tree -->\n)[\s\S]*?(?=<!-- end of tree -->)/;
const WIDTH = 118;
const FOLDER_WIDTH = 18;

/** Returns the page, and what it has to be. */
export function pageWithTree(): { readonly now: string; readonly drawn: string } {
  const now = readFileSync(PAGE, "utf8").replaceAll("\r\n", "\n");
  if (!TREE.test(now)) throw new Error("docs/architecture.md has no place for the tree");
  return { now, drawn: now.replace(TREE, () => `\`\`\`\n${drawTree()}\`\`\`\n`) };
}

function drawTree(): string {
  return publicPackages()
    .map(({ name, folder }) => `packages/${name}/src/\n${drawFolders(sourcesOf(folder))}`)
    .join("");
}

/** Draws a line for each folder, longer ones on several: the folder, then its files without their endings. */
function drawFolders(files: readonly string[]): string {
  const folders = new Map<string, string[]>();
  for (const file of files) {
    const [, folder = "", name = ""] = /^(.*\/)?([^/]+)\.ts$/.exec(file) ?? [];
    folders.set(folder, [...(folders.get(folder) ?? []), name]);
  }
  return [...folders]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([folder, names]) => wrap(folder, names))
    .join("");
}

function wrap(folder: string, names: readonly string[]): string {
  const lines: string[] = [];
  let line = `  ${folder}`.padEnd(FOLDER_WIDTH);
  for (const name of names) {
    if (line.length + name.length + 2 > WIDTH) {
      lines.push(line);
      line = " ".repeat(FOLDER_WIDTH);
    }
    line += `  ${name}`;
  }
  return [...lines, line].map((text) => `${text.trimEnd()}\n`).join("");
}

if (import.meta.main) writeFileSync(PAGE, pageWithTree().drawn);
