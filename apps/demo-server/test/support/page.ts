import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Returns the program in a page's block of TypeScript, by the file name in its first line. */
export function programIn(page: string, name: string): string {
  const [, source] = new RegExp(`\`\`\`ts\\n(// ${name}\\n[^]*?)\`\`\``).exec(page) ?? [];
  if (source === undefined) throw new Error(`the page has no ${name}`);
  return source;
}

/** Returns every block of TypeScript in a page. */
export function blocks(page: string): readonly string[] {
  return [...page.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, source = ""]) => source);
}

/** @throws {Error} with what the compiler says, when the files do not compile as a strict user's would. */
export function compile(files: readonly string[]): void {
  const options =
    "--noEmit --strict --module nodenext --target es2023 --types node --skipLibCheck --ignoreConfig";
  const { stdout, status } = spawnSync("tsc", [...options.split(" "), ...files], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stdout);
}
