/**
 * The few globals that every runtime of this package has (WinterTC's minimum common API), declared by hand
 * so that the package compiles with neither Node's nor the browser's types and cannot use anything else.
 */
declare class TextEncoder {
  encode(input: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(label: "utf-8", options: { fatal: boolean; ignoreBOM: boolean });
  decode(input: Uint8Array): string;
}
declare class URL {
  static canParse(url: string): boolean;
  constructor(url: string);
  readonly hostname: string;
  readonly href: string;
  readonly protocol: string;
  username: string;
  password: string;
  search: string;
  hash: string;
}
declare var crypto: {
  getRandomValues(array: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
  randomUUID(): string;
};
declare const performance: { now(): number };
declare function setTimeout(callback: () => void, milliseconds: number): unknown;
declare function clearTimeout(handle: unknown): void;
