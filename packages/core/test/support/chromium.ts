import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";
import { CHROMIUM, findProgram } from "../../../../test-support/find-program.ts";

const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A headless Chromium with a profile of its own, gone when it is disposed. */
export async function openChromium(): Promise<AsyncDisposable & { readonly context: BrowserContext }> {
  const executablePath = await findProgram(CHROMIUM);
  const profile = mkdtempSync(join(tmpdir(), "attest-chromium-"));
  const discardProfile = () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  try {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      headless: true,
      // The sandbox needs privileges that containers and CI rarely give; only our own page is loaded.
      chromiumSandbox: false,
      args: FLAGS,
    });
    return {
      context,
      async [Symbol.asyncDispose]() {
        await context.close();
        discardProfile();
      },
    };
  } catch (error) {
    discardProfile();
    throw error;
  }
}
