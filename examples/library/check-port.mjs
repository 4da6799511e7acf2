// Run by npm before it installs and starts anything.
import { portOf, tryPort } from "./port.mjs";

try {
  await tryPort(portOf(process.env["PORT"]));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
