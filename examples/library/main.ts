// The members' library: `npm start`, then open the address that it prints. PORT chooses another port than 8080.
import { TricornError } from "tricorn";

import { EXAMPLE, portOf } from "./port.mjs";
import { startLibrary } from "./start.js";

// If all is well, only the address is printed.
process.env["TRICORN_LOG_LEVEL"] ??= "warn";

try {
  const port = portOf(process.env["PORT"]);
  let closingSince: number | undefined;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (closingSince === undefined) {
        closingSince = performance.now();
        void starting.then((library) => library.close());
      } else if (performance.now() - closingSince > 500) {
        process.exit(1); // A later signal does not wait; npm sends a terminal's signal twice.
      }
    });
  }
  const starting = startLibrary({ port });
  const library = await starting;
  console.log(`Library: ${library.url}  (user: ada, password: lovelace)`);
  console.log(`Inspector: ${library.inspectorUrl}`);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const isOfPort = error instanceof TricornError && error.code === "ERR_GATEWAY_LISTEN";
  console.error(isOfPort ? `${message}: ${EXAMPLE}` : message);
  process.exitCode = 1;
}
