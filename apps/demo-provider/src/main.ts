import { runService } from "@attest/demo-service";
import { getRequestListener } from "@hono/node-server";
import { createApp } from "./app.js";
import { readConfig } from "./config.js";

await runService("demo-provider", () => {
  const { port, issuer, ...options } = readConfig(process.env);
  return {
    port,
    createListener: (origin) => getRequestListener(createApp({ ...options, issuer: issuer ?? origin }).fetch),
  };
});
