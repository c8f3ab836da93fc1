import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { type ElicitRequestFormParams, ElicitResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";

type Properties = ElicitRequestFormParams["requestedSchema"]["properties"];

const options = ["option1", "option2", "option3"];
const titled = [
  { const: "value1", title: "First" },
  { const: "value2", title: "Second" },
];

const person: Properties = {
  username: { type: "string", description: "User's response" },
  email: { type: "string", description: "User's email address" },
};
const withDefaults: Properties = {
  name: { type: "string", default: "John Doe" },
  age: { type: "integer", default: 30 },
  score: { type: "number", default: 95.5 },
  status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
  verified: { type: "boolean", default: true },
};
const enums: Properties = {
  untitledSingle: { type: "string", enum: options },
  titledSingle: { type: "string", oneOf: titled },
  legacyEnum: { type: "string", enum: ["opt1", "opt2"], enumNames: ["Option One", "Option Two"] },
  untitledMulti: { type: "array", items: { type: "string", enum: options } },
  titledMulti: { type: "array", items: { anyOf: titled } },
};

/** Tools that ask the user. */
export function registerElicitationTools(server: McpServer): void {
  register("test_elicitation", person, Object.keys(person));
  register("test_elicitation_sep1034_defaults", withDefaults);
  register("test_elicitation_sep1330_enums", enums);

  function register(name: string, properties: Properties, required: string[] = []): void {
    const inputSchema = { message: z.string().default("Please fill this in") };
    server.registerTool(
      name,
      { description: "Asks the user", inputSchema },
      async ({ message }, { sendRequest }) => {
        const requestedSchema = { type: "object" as const, properties, required };
        const { action, content } = await sendRequest(
          { method: "elicitation/create", params: { mode: "form", message, requestedSchema } },
          ElicitResultSchema,
        );
        return {
          content: [{ type: "text", text: `action=${action}, content=${JSON.stringify(content ?? {})}` }],
        };
      },
    );
  }
}
