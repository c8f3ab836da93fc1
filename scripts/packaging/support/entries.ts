import { publicPackages } from "../../package-metadata.ts";

export interface Entry {
  /** Specifier that users import, such as `@attest/core/testing`. */
  readonly specifier: string;
  readonly packageName: string;
}

/** Peers that users install for all entries to work, with their versions. */
export const BESIDE: Readonly<Record<string, string>> = {
  "@modelcontextprotocol/sdk": "^1.26.0",
  "sodium-native": "^5.1.0",
  "@types/node": "^24.0.0",
  zod: "^4.0.0",
};

/** Returns every entry of every package; `only` names one package. */
export function entries(only?: string): readonly Entry[] {
  return publicPackages()
    .filter(({ manifest }) => only === undefined || manifest.name === only)
    .flatMap(({ manifest }) =>
      Object.entries(manifest.exports ?? {})
        .filter(([, target]) => typeof target !== "string")
        .map(([entry]) => ({ packageName: manifest.name, specifier: manifest.name + entry.slice(1) })),
    );
}
