import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import {
  CallToolResultSchema,
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ProgressNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";

/** Capabilities that a client has to declare for {@link tour}. */
export const capabilities = { sampling: {}, elicitation: { form: {} }, tasks: {} };

/** Uses every feature of MCP's reference server, in both directions, and returns all that the client got to see. */
export async function tour(client: Client): Promise<Readonly<Record<string, unknown>>> {
  client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => ({
    model: "none",
    role: "assistant",
    content: { type: "text", text: `${params.maxTokens} tokens` },
  }));
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: "decline" }));
  const call = async (name: string, args: Record<string, unknown> = {}) => {
    const result = await client.callTool({ name, arguments: args });
    if (result.isError) throw new Error(`${name} failed`, { cause: result.content });
    return result;
  };
  const tools = await client.listTools();
  // The SDK forgets what `onprogress` was to be told once the answer is read, even when both came at once.
  const progress: number[] = [];
  client.setNotificationHandler(ProgressNotificationSchema, ({ params }) => {
    progress.push(params.progress);
  });
  const seen = {
    tools,
    resources: client.listResources(),
    templates: client.listResourceTemplates(),
    prompts: client.listPrompts(),
    text: client.readResource({ uri: "demo://resource/static/document/architecture.md" }),
    prompt: client.getPrompt({ name: "args-prompt", arguments: { city: "Oslo" } }),
    completion: client.complete({
      ref: { type: "ref/prompt", name: "completable-prompt" },
      argument: { name: "department", value: "S" },
    }),
    level: client.setLoggingLevel("warning"),
    sum: call("get-sum", { a: 2, b: 3 }),
    structured: call("get-structured-content", { location: "Chicago" }),
    wrong: client.callTool({ name: "get-sum", arguments: { a: "two" } }),
    sampling: call("trigger-sampling-request", { prompt: "Hello" }),
    elicitation: call("trigger-elicitation-request"),
    task: callAsTask(client, "simulate-research-query", { topic: "python", ambiguous: true }),
    long: client.callTool(
      { name: "trigger-long-running-operation", arguments: { duration: 0.4, steps: 4 } },
      undefined,
      { onprogress: () => undefined },
    ),
  };
  const told = await Promise.all(
    Object.entries(seen).map(async ([name, what]) => [name, await what] as const),
  );
  return { ...Object.fromEntries(told), progress };
}

/** Calls a tool that takes its time, and that asks the user while the client waits for the task's result. */
async function callAsTask(client: Client, name: string, args: Record<string, unknown>): Promise<unknown> {
  const stream = client.experimental.tasks.callToolStream({ name, arguments: args }, CallToolResultSchema);
  for await (const message of stream) {
    if (message.type === "error") throw message.error;
    if (message.type === "result" && !message.result.isError) return message.result.content;
  }
  throw new Error(`${name} ended without a result`);
}
