import { KeyPair } from "@attest/core";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { Issuer } from "../../support/agents.ts";
import { FolderTaskStore } from "./folder-task-store.ts";
import { createTaskServer } from "./task-server.ts";

/** The task server as a second process, on the folder of the first. */
const issuer = new Issuer(KeyPair.fromPem(process.env["ISSUER_PEM"] ?? "", "key-1"));
const store = new FolderTaskStore(process.env["FOLDER"] ?? "");
await createTaskServer(issuer.verifier(), store).connect(new StdioServerTransport());
