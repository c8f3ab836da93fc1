import type { McpServer } from "./sdk.js";

const METHODS = ["registerResource", "registerPrompt"] as const;

/**
 * Has `server` refuse an `attestation` where it would guard nothing: TypeScript does so, but servers are written in
 * JavaScript, too.
 */
export function refuseAttestation(server: InstanceType<typeof McpServer>): void {
  for (const method of METHODS) {
    const register = server[method].bind(server) as (...args: unknown[]) => unknown;
    const checked = (...args: unknown[]): unknown => {
      if (
        !args.some(
          (argument) => typeof argument === "object" && Object.hasOwn(Object(argument), "attestation"),
        )
      )
        return register(...args);
      throw new TypeError(
        `${method} takes no attestation; guard it by rules, or its handler by requireAttestation`,
      );
    };
    Object.defineProperty(server, method, { value: checked, configurable: true, writable: true });
  }
}
