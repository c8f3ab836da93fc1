import type { RegisteredTool } from "@modelcontextprotocol/sdk/server/mcp.js";
import { metaNeeding } from "./listed-requirement.js";
import { guard } from "./require-attestation.js";
import type { CompiledRequirement } from "./requirement.js";

/** The same tool, whose handler stays guarded, and whose place in lists stays marked, through `update`. */
export function guardUpdates(tool: RegisteredTool, requirement: CompiledRequirement): RegisteredTool {
  const update = tool.update.bind(tool);
  tool.update = ({ callback, _meta, ...others }) =>
    update({
      ...others,
      ...(callback === undefined ? {} : { callback: guard(requirement, callback) }),
      ...(_meta === undefined ? {} : { _meta: metaNeeding(requirement, _meta) }),
    });
  return tool;
}
