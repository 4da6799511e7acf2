// Started by the test of watchLoading.
import { watchLoading } from "../../../src/cli/loading-watch.js";

const endWatch = watchLoading({ limit: 500, message: "it computes for ever\n" });
if (process.argv[2] === "stuck") for (;;) continue;
endWatch();
