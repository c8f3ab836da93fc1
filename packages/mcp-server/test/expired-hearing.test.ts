import { FixedClock } from "@attest/core/testing";
import { createAttestingServer } from "@attest/mcp-server";
import { InMemoryTaskStore } from "@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js";
import { SubscribeRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test } from "vitest";
import { Issuer } from "./support/agents.ts";
import { connectRaw, initializeParams } from "./support/raw-connection.ts";

/** A server with a ruled and an open resource, and a connection of an agent whose token the test lets expire. */
async function listen(sessionLifetime: "token" | "connection" = "token") {
  const clock = new FixedClock(Date.now() / 1000);
  const issuer = new Issuer();
  const server = createAttestingServer("test", issuer.verifier({ clock }), {
    sessionLifetime,
    rules: { resources: { "db://secret/*": {} }, tools: { guarded: {} } },
    serverOptions: {
      capabilities: {
        resources: { subscribe: true },
        logging: {},
        tasks: { list: {}, requests: { tools: { call: {} } } },
      },
      taskStore: new InMemoryTaskStore(),
    },
  });
  server.registerResource("secret", "db://secret/a", {}, async () => ({ contents: [] }));
  server.server.setRequestHandler(SubscribeRequestSchema, async () => ({}));
  for (const name of ["guarded", "open"]) {
    server.experimental.tasks.registerToolTask(
      name,
      { execution: { taskSupport: "required" } },
      {
        createTask: async ({ taskStore }) => ({ task: await taskStore.createTask({}) }),
        getTask: ({ taskId, taskStore }) => taskStore.getTask(taskId),
        getTaskResult: async () => ({ content: [] }),
      },
    );
  }
  const { received, request } = await connectRaw(server);
  const capabilities = { sampling: {}, elicitation: {}, roots: {} };
  const params = initializeParams(await issuer.token());
  await request("initialize", {
    ...params,
    capabilities: { ...(params["capabilities"] as object), ...capabilities },
  });
  await request("resources/subscribe", { uri: "db://secret/a" });
  const makeTask = async (name: string) => {
    const answer = await request("tools/call", { name, arguments: {}, task: {} });
    return (answer as unknown as { result: { task: { taskId: string } } }).result.task;
  };
  const tasks = { guarded: await makeTask("guarded"), open: await makeTask("open") };
  const heard = () => received.flatMap((message) => ("method" in message ? [message.method] : []));
  return { server, heard, tasks, received, expire: () => clock.advance(331) };
}

describe("a client whose token has expired", () => {
  test("hears no more of what the rules guard, and of the rest as before", async () => {
    const { server, heard, tasks, received, expire } = await listen();
    const tell = async () => {
      for (const uri of ["db://secret/a", "db://SECRET/a", "db://open/a"]) {
        await server.server.sendResourceUpdated({ uri });
      }
      for (const params of [tasks.guarded, tasks.open]) {
        await server.server.notification({ method: "notifications/tasks/status", params });
      }
      await server.sendLoggingMessage({ level: "info", data: "hello" });
    };
    await tell();
    expect(heard()).toHaveLength(6);
    expire();
    await tell();
    expect(heard().slice(6)).toEqual([
      "notifications/resources/updated",
      "notifications/tasks/status",
      "notifications/message",
    ]);
    expect(received).toContainEqual(expect.objectContaining({ params: { uri: "db://open/a" } }));
    const told = received.slice(-3);
    expect(told[0]).toMatchObject({ params: { uri: "db://open/a" } });
    expect(told[1]).toMatchObject({ params: { taskId: tasks.open.taskId } });
  });

  test("is asked nothing more: the server's requests are rejected, and never sent", async () => {
    const { server, heard, expire } = await listen();
    expire();
    const { server: asking } = server;
    const message = { role: "user", content: { type: "text", text: "q" } } as const;
    const requestedSchema = { type: "object", properties: {} } as const;
    for (const ask of [
      () => asking.createMessage({ messages: [message], maxTokens: 1 }),
      () => asking.elicitInput({ message: "?", requestedSchema }),
      () => asking.listRoots(),
      () => asking.ping(),
    ]) {
      await expect(ask()).rejects.toThrow(/expired/);
    }
    expect(heard()).toEqual([]);
  });

  test("is heard and asked for as long as the connection where that was chosen", async () => {
    const { server, heard, expire } = await listen("connection");
    expire();
    await server.server.sendResourceUpdated({ uri: "db://secret/a" });
    expect(heard()).toEqual(["notifications/resources/updated"]);
  });
});

describe("a client that is not attested", () => {
  test("hears nothing of what the rules guard, though the server tells everybody", async () => {
    const server = createAttestingServer("test", new Issuer().verifier({ policy: "optional" }), {
      rules: { resources: { "db://secret/*": {} } },
      serverOptions: { capabilities: { resources: { subscribe: true } } },
    });
    const { received, request } = await connectRaw(server);
    await request("initialize", initializeParams());
    for (const uri of ["db://secret/a", "db://open/a"]) await server.server.sendResourceUpdated({ uri });
    const heard = received.filter((message) => "method" in message);
    expect(heard).toMatchObject([{ params: { uri: "db://open/a" } }]);
  });
});
