import { type McpServer, ResourceTemplate } from "@modelcontextprotocol/sdk/server/mcp.js";
import { png } from "./samples.ts";

/** Resources of text, of bytes, one to subscribe to, and a template. */
export function registerResources(server: McpServer): void {
  for (const name of ["static-text", "watched-resource"]) {
    server.registerResource(name, `test://${name}`, { description: name, mimeType: "text/plain" }, (uri) => ({
      contents: [{ uri: uri.href, mimeType: "text/plain", text: `This is the content of ${name}.` }],
    }));
  }
  const { data: blob, mimeType } = png;
  server.registerResource(
    "static-binary",
    "test://static-binary",
    { description: "Bytes", mimeType },
    (uri) => ({
      contents: [{ uri: uri.href, mimeType, blob }],
    }),
  );
  server.registerResource(
    "template",
    new ResourceTemplate("test://template/{id}/data", { list: undefined }),
    { description: "Data by id", mimeType: "application/json" },
    (uri, { id }) => {
      const text = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
      return { contents: [{ uri: uri.href, mimeType: "application/json", text }] };
    },
  );
}
