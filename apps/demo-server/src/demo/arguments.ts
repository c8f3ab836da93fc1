import { parseArgs } from "node:util";
import { StartError } from "@attest/demo-service";

const USAGE = `usage: npx -y pnpm@10.34.9 demo [company | --serve]
  company  run a company's own issuer: who gets a token there, and who does not
  --serve  leave provider and server running, on PROVIDER_PORT (4100) and SERVER_PORT (4200), and print
           where, how to call by curl, and who does`;

export interface DemoArguments {
  readonly serve: boolean;
  /** Whether the company's demo runs, in place of the one with the attacks. */
  readonly company: boolean;
}

/** @throws {StartError} naming the argument that is wrong, with the usage. */
export function readArguments(args: readonly string[]): DemoArguments {
  try {
    const { values, positionals } = parseArgs({
      // As in `pnpm demo -- --serve`: pnpm hands the dashes on, npm would not.
      args: args.filter((argument) => argument !== "--"),
      options: { serve: { type: "boolean", default: false }, help: { type: "boolean", short: "h" } },
      allowPositionals: true,
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const [demo, ...others] = positionals;
    if (others.length > 0 || (demo !== undefined && demo !== "company"))
      throw new Error("the one other demo is named company");
    if (demo !== undefined && values.serve) throw new Error("--serve is for the demo with the attacks");
    return { serve: values.serve, company: demo === "company" };
  } catch (cause) {
    throw new StartError(`${cause instanceof Error ? cause.message : "wrong arguments"}\n${USAGE}`, {
      cause,
    });
  }
}
