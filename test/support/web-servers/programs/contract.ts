// The contract application as a program, for whoever starts programs: it finds out itself how it was started.
import { serve } from "tricorn";

import { Contract } from "../contract.js";

await serve([Contract]);
