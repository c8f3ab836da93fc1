import { KeyPair } from "@attest/core";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { Provider } from "./agent.ts";
import { GatedServer } from "./gated-server.ts";

/** A gated server in a process of its own. It knows its agents' provider by the key in `PROVIDER_PEM`. */
const provider = new Provider({ keyPair: KeyPair.fromPem(process.env["PROVIDER_PEM"] ?? "", "key-1") });
await new GatedServer(provider.verifier()).connect(new StdioServerTransport());
