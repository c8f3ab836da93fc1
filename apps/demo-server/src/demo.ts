import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { runCompany } from "./company/run-company.js";
import { readArguments } from "./demo/arguments.js";
import { attacks, type Battlefield } from "./demo/attacks.js";
import { type ChildService, startService } from "./demo/child-service.js";
import { curlCommands } from "./demo/curl-commands.js";
import { describeEvent } from "./demo/describe-event.js";
import { callAsHonestAgent } from "./demo/honest-agent.js";
import { requestToken } from "./demo/provider-client.js";
import { type RedisProcess, startRedis } from "./demo/redis-process.js";
import { formatTable } from "./demo/table.js";
import { thefts } from "./demo/theft.js";
import { wiretap } from "./demo/wiretap.js";

/*
 * The demo run: a provider and a server as processes of their own, an honest agent, and the attacks, all over
 * real HTTP; where a Redis is installed, a second server that shares it. Exits with 0 only when the honest agent got
 * in and nobody else did. With `company` it is another one: a company's own issuer, and workloads.
 */

const TRUST_DOMAIN = "provider.example";
const API_KEY = "demo-agent-api-key";
const LEFT_OUT = "left out: no redis-server is installed";
const providerProgram = createRequire(import.meta.url).resolve("@attest/demo-provider");
const serverProgram = fileURLToPath(new URL("main.js", import.meta.url));

const PORT_VARIABLES = { "demo-provider": "PROVIDER_PORT", "demo-server": "SERVER_PORT" } as const;

const running: ChildService[] = [];
let redis: RedisProcess | undefined;
/** Whether what the server tells of its callers is shown. */
let watching = false;

try {
  const { serve, company } = readArguments(process.argv.slice(2));
  if (company) process.exitCode = (await runCompany()) ? 0 : 1;
  else await runProviderDemo(serve);
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await Promise.all(running.map((service) => service.stop()));
  await redis?.stop();
}

async function runProviderDemo(serve: boolean): Promise<void> {
  const agents = [
    { apiKey: API_KEY, modelFamily: "demo-1", modelVersion: "demo-1-small", provider: "demo-provider" },
  ];
  const provider = await start("demo-provider", providerProgram, {
    PORT: serve ? (process.env["PROVIDER_PORT"] ?? "4100") : "0",
    TRUST_DOMAIN,
    AGENTS: JSON.stringify(agents),
  });
  if (!serve) redis = await startRedis();
  const environment = { TRUST_DOMAIN, ISSUER: provider.origin, REDIS_URL: redis?.url ?? "" };
  const server = await start(
    "demo-server",
    serverProgram,
    {
      PORT: serve ? (process.env["SERVER_PORT"] ?? "4200") : "0",
      ...environment,
    },
    showEvent,
  );
  // A second machine of one service: tokens for the first are meant for it too.
  const other =
    redis &&
    (await start("demo-server", serverProgram, { PORT: "0", AUDIENCE: server.origin, ...environment }));
  if (serve) await serveUntilStopped(provider, server);
  else {
    // A server that takes nothing on a session id's word.
    const proving = await start("demo-server", serverProgram, {
      PORT: "0",
      REQUIRE_PROOF: "each-request",
      ...environment,
    });
    process.exitCode = (await runDemo(provider, { server, other, proving })) ? 0 : 1;
  }
}

interface Servers {
  readonly server: ChildService;
  /** A second machine of the same service. */
  readonly other: ChildService | undefined;
  /** A server that asks for a proof with each request. */
  readonly proving: ChildService;
}

async function runDemo(provider: ChildService, { server, other, proving }: Servers): Promise<boolean> {
  const mcpUrl = `${server.origin}/mcp`;
  const tokenFor = (audience: string) => requestToken(provider.origin, API_KEY, { audience });
  const freshToken = () => tokenFor(server.origin);
  const usedToken = await freshToken();
  console.log(`provider  ${provider.origin}\nserver    ${mcpUrl}\n`);

  const { trustLevel, answer } = await callAsHonestAgent(mcpUrl, async () => usedToken);
  console.log(`an attested agent calls restart_service: "${answer}" (trust level ${trustLevel})\n`);

  const field: Battlefield = {
    mcpUrl,
    issuer: provider.origin,
    audience: server.origin,
    trustDomain: TRUST_DOMAIN,
    otherMcpUrl: other && `${other.origin}/mcp`,
    usedToken,
    freshToken,
    tokenFor,
  };
  const otherAudience = "https://attacker.example/mcp";
  const agent = await wiretap(`${proving.origin}/mcp`, proving.origin, (request) =>
    requestToken(provider.origin, API_KEY, { audience: [proving.origin, otherAudience] }, request),
  );
  console.log(`an agent that proves its key calls it, too: "${agent.answer}"\n`);
  const scene = { mcpUrl: `${proving.origin}/mcp`, audience: proving.origin, otherAudience, agent };

  const rows: string[][] = [];
  for (const { name, how, expected, run } of attacks) {
    const got = await run(field);
    const verdict = got === undefined ? LEFT_OUT : got === expected ? "refused" : "WRONG";
    rows.push([name, how, String(expected), String(got ?? "-"), verdict]);
  }
  for (const { name, how, expected, run } of thefts) {
    const got = await run(scene);
    rows.push([name, how, String(expected), String(got), got === expected ? "refused" : "WRONG"]);
  }
  await agent.close();
  console.log(formatTable(["attack", "what it does", "expected", "got", "verdict"], rows));

  const tried = rows.filter(([, , , , verdict]) => verdict !== LEFT_OUT);
  const wrong = tried.filter(([, , , , verdict]) => verdict !== "refused").length;
  const again = await callAsHonestAgent(mcpUrl, freshToken);
  const dead = running.filter((service) => service.hasDied());
  for (const { name } of dead) console.error(`demo: ${name} has died`);
  console.log(
    `\n${tried.length - wrong} of ${tried.length} attacks refused; the honest agent still gets in: "${again.answer}"`,
  );
  return wrong === 0 && dead.length === 0;
}

async function serveUntilStopped(provider: ChildService, server: ChildService): Promise<void> {
  const targets = { providerOrigin: provider.origin, serverOrigin: server.origin, apiKey: API_KEY };
  console.log(`provider  ${provider.origin}
server    ${server.origin}/mcp
API key   ${API_KEY}

To get a token, present it, and call a tool:

${curlCommands(targets)}

Ctrl-C stops both. Who comes, who calls what and who is refused:
`);
  watching = true;
  const stopped = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopped.resolve());
  const watch = setInterval(() => {
    const dead = [provider, server].find((service) => service.hasDied());
    if (dead) stopped.reject(new Error(`${dead.name} has died`));
  }, 500);
  await stopped.promise.finally(() => clearInterval(watch));
}

function showEvent(line: string): void {
  const text = watching ? describeEvent(line) : undefined;
  if (text !== undefined) console.log(text);
}

async function start(
  name: keyof typeof PORT_VARIABLES,
  program: string,
  environment: Readonly<Record<string, string>>,
  onLine?: (line: string) => void,
): Promise<ChildService> {
  try {
    const service = await startService(name, program, environment, onLine);
    running.push(service);
    return service;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${why} (the demo sets its PORT from ${PORT_VARIABLES[name]})`, { cause });
  }
}
