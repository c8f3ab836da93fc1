import { describeErrorClasses } from "../../../../test-support/error-classes.ts";
import * as exported from "../../src/index.js";

describeErrorClasses({
  exported,
  packageFolder: new URL("../../", import.meta.url),
  samples: { AttestationDeniedError: [1009, "called outside a request", undefined] },
});
