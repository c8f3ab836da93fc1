import { registerHooks } from "node:module";

/*
 * `node --import with-oldest-sdk.ts program.ts`: wherever the program, or a package that it imports, names the SDK,
 * it gets the oldest one. In the tests' own process the alias in `vitest.config.ts` does the same.
 */
registerHooks({
  resolve: (specifier, context, nextResolve) =>
    specifier.startsWith("@modelcontextprotocol/sdk/")
      ? nextResolve(specifier.replace("@modelcontextprotocol/sdk", "sdk-oldest"), {
          ...context,
          parentURL: import.meta.url,
        })
      : nextResolve(specifier, context),
});
