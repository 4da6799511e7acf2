// The contract application as a program, for whoever starts programs: it finds out itself how it was started.
// TRICORN_TEST_MOUNT is where it is mounted, where the Web server does not tell.
import { createApplication, serve } from "tricorn";

import { Contract } from "../contract.js";

await serve(createApplication({ controllers: [Contract], mount: process.env["TRICORN_TEST_MOUNT"] }));
