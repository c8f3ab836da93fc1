import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The address of the repository, such as `https://git.example/attest`; `undefined` until its owner names one. Everything
 * in the packages that depends on it is written by `pnpm run stamp`.
 */
const HOME: string | undefined = undefined;

/** The members of a manifest that this script reads or writes. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly keywords?: readonly string[];
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly [member: string]: unknown;
}

/** A package that is published. */
export interface PublicPackage {
  /** The folder's name, such as `core`. */
  readonly name: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

export const ROOT: string = join(import.meta.dirname, "..");

/** Returns every package that is published, in the order of their names. */
export function publicPackages(): readonly PublicPackage[] {
  return readdirSync(join(ROOT, "packages"))
    .sort()
    .map((name) => ({
      name,
      folder: join(ROOT, "packages", name),
      manifest: readManifest(join(ROOT, "packages", name)),
    }))
    .filter(({ manifest }) => manifest.private !== true);
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** Returns a package's manifest with the addresses that follow from `home`, and with none where there is no home. */
export function stampManifest(
  { name, manifest }: Pick<PublicPackage, "name" | "manifest">,
  home: string | undefined = HOME,
): Manifest {
  const { homepage: _homepage, bugs: _bugs, repository: _repository, ...rest } = manifest;
  if (home === undefined) return rest;
  const { engines, ...others } = rest;
  return {
    ...others,
    homepage: `${home}/tree/main/packages/${name}#readme`,
    bugs: `${home}/issues`,
    repository: { type: "git", url: `git+${home}.git`, directory: `packages/${name}` },
    ...(engines === undefined ? {} : { engines }),
  };
}

if (import.meta.main) {
  for (const { name, folder, manifest } of publicPackages()) {
    const stamped = stampManifest({ name, manifest });
    writeFileSync(join(folder, "package.json"), `${JSON.stringify(stamped, null, 2)}\n`);
    copyFileSync(join(ROOT, "LICENSE"), join(folder, "LICENSE"));
  }
}
