import { describeErrorClasses } from "../../../../test-support/error-classes.ts";
import * as exported from "../../src/index.js";

describeErrorClasses({
  exported,
  packageFolder: new URL("../../", import.meta.url),
  samples: { FetcherClosedError: [], KeySetRefusedError: ["no keys"], UnexpectedStatusError: [503] },
});
