import { fileURLToPath } from "node:url";

export const providerProgram: string = fileURLToPath(import.meta.resolve("@attest/demo-provider"));
export const serverProgram: string = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
export const demoProgram: string = fileURLToPath(new URL("../../dist/demo.js", import.meta.url));
