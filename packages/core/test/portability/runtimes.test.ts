import { describe, expect, onTestFinished, test } from "vitest";
import { CHROMIUM } from "../../../../test-support/find-program.ts";
import { needs } from "../../../../test-support/needs.ts";
import { type Bundle, bundle } from "../support/bundle.js";
import { openChromium } from "../support/chromium.js";
import {
  createBoundSample,
  createSample,
  judge,
  tamper,
  type Verdicts,
} from "../support/portable-scenario.js";
import { serve } from "../support/serve.js";
import { needsWorkerd, serveWorker } from "../support/workerd.js";

/** Verdicts that every runtime must reach. */
const EXPECTED = {
  own: "verified",
  replayed: "1006 replay",
  tampered: "1003 signature",
  otherAudience: "1005 audience",
  foreign: "verified",
  foreignTampered: "1003 signature",
  smallOrderKey: "refused",
  bound: "verified",
  boundAgain: "1006 replay",
  boundWithoutProof: "1012 proof",
  boundForAnother: "1012 proof",
  foreignBound: "verified",
  foreignHash: true,
};

/** The other way round: what the runtime signed with noble verifies here, with Node's own crypto. */
async function expectToVerifyHere({ sample, boundSample }: Verdicts): Promise<void> {
  const judgeHere = judge(sample);
  expect(await judgeHere(tamper(sample.token))).toBe("1003 signature");
  expect(await judgeHere(sample.token)).toBe("verified");
  const judgeBoundHere = judge(boundSample);
  expect(await judgeBoundHere(boundSample.token, boundSample.otherProof)).toBe("1012 proof");
  expect(await judgeBoundHere(boundSample.token, boundSample.proof)).toBe("verified");
}

function expectToBePortable({ code, inputs, imports }: Bundle): void {
  for (const portable of ["keys/ed25519", "encoding/base64url", "encoding/sha256"]) {
    expect(inputs).toContain(`dist/${portable}.portable.js`);
  }
  expect(inputs.filter((input) => input.endsWith(".node.js"))).toEqual([]);
  expect(imports).toEqual([]);
  expect(code).not.toMatch(/["'`]node:|\brequire\(|\bprocess\.|\bBuffer\b/);
}

describe("a browser", async () => {
  const PAGE = '<!doctype html><meta charset="utf-8"><script type="module" src="/program.js"></script>';
  const PROGRAM = `
    import { runScenario } from "./portable-scenario.ts";
    const foreign = await (await fetch("/samples")).json();
    const verdicts = await runScenario(...foreign);
    await fetch("/verdicts", { method: "POST", body: JSON.stringify(verdicts) });
  `;

  test("creates, verifies and refuses tokens and proofs, in a page that may run nothing but its own script", {
    ...(await needs(CHROMIUM)),
    timeout: 60_000,
  }, async () => {
    const program = await bundle(PROGRAM);
    expectToBePortable(program);
    const samples = [await createSample(), await createBoundSample()];
    const verdicts = Promise.withResolvers<Verdicts>();
    const origin = await serve(async (request) => {
      switch (new URL(request.url).pathname) {
        case "/":
          return new Response(PAGE, {
            headers: {
              "content-type": "text/html",
              "content-security-policy": "default-src 'none'; script-src 'self'; connect-src 'self'",
            },
          });
        case "/program.js":
          return new Response(program.code, { headers: { "content-type": "text/javascript" } });
        case "/samples":
          return Response.json(samples);
        case "/verdicts":
          verdicts.resolve((await request.json()) as Verdicts);
          return new Response();
        default:
          return new Response(null, { status: 404 });
      }
    });
    const browser = await openChromium();
    onTestFinished(() => browser[Symbol.asyncDispose]());
    const page = await browser.context.newPage();
    page.on("pageerror", verdicts.reject);
    await page.goto(origin);
    const said = await verdicts.promise;
    expect(said).toMatchObject(EXPECTED);
    await expectToVerifyHere(said);
  });
});

describe("a Worker", { ...needsWorkerd(), timeout: 60_000 }, () => {
  const PROGRAM = `
    import { runScenario } from "./portable-scenario.ts";
    export default { fetch: async (request) => Response.json(await runScenario(...(await request.json()))) };
  `;

  test("creates, verifies and refuses tokens and proofs, without Node compatibility", async () => {
    const program = await bundle(PROGRAM);
    expectToBePortable(program);
    const origin = await serveWorker(program.code);
    const samples = [await createSample(), await createBoundSample()];
    const response = await fetch(origin, { method: "POST", body: JSON.stringify(samples) });
    expect(response.status).toBe(200);
    const said = (await response.json()) as Verdicts;
    expect(said).toMatchObject(EXPECTED);
    await expectToVerifyHere(said);
  });
});
