import { describeErrorClasses } from "../../../../test-support/error-classes.ts";
import * as tokens from "../../src/tokens.js";

describeErrorClasses({
  exported: tokens,
  packageFolder: new URL("../../", import.meta.url),
  entry: "tokens",
  samples: { TokenSourceError: ["no token"] },
});
