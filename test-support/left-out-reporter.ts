import type { Reporter, TestCase, TestModule, TestSuite } from "vitest/node";
import type {} from "./needs.ts";

/** Says at the end of a run, in a line each, which programs were missing and how to have their tests run. */
export class LeftOutReporter implements Reporter {
  readonly #leftOut = new Map<string, number>();

  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    for (const module of modules) {
      for (const test of module.children.allTests("skipped")) {
        const reason = reasonOf(test);
        if (reason !== undefined) this.#leftOut.set(reason, (this.#leftOut.get(reason) ?? 0) + 1);
      }
    }
    // The summary comes from another reporter, and ends the run: only what is said on leaving comes after it.
    process.once("exit", () => {
      for (const [reason, count] of this.#leftOut) process.stdout.write(`left out (${count}): ${reason}\n`);
    });
  }
}

function reasonOf(test: TestCase): string | undefined {
  for (let task: TestCase | TestSuite | TestModule = test; task.type !== "module"; task = task.parent) {
    const { leftOut } = task.meta();
    if (leftOut !== undefined) return leftOut;
  }
  return undefined;
}
