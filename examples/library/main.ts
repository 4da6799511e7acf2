// The members' library: `npm start`, then open the address that it prints. PORT chooses another port than 8080.
import { startLibrary } from "./start.js";

// Where everything is well, the address is all that there is to read.
process.env["TRICORN_LOG_LEVEL"] ??= "warn";

try {
  const library = await startLibrary({ port: Number(process.env["PORT"] ?? 8080) });
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void library.close()); // a second signal does not wait
  }
  console.log(`Library: ${library.url}  (user: ada, password: lovelace)`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error("Is the port taken? Another one: PORT=8081 npm start");
  process.exitCode = 1;
}
