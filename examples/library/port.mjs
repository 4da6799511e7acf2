// Without TypeScript: `npm start` checks the port before anything is installed.
import { createServer } from "node:net";

/** What a refusal proposes. */
export const EXAMPLE = "PORT=8081 npm start";

/**
 * The port in the variable PORT; 8080 by default, 0 for any free port.
 *
 * @param {string | undefined} text
 * @returns {number}
 */
export function portOf(text = "8080") {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new Error(`PORT is ${JSON.stringify(text)}, expected a number from 0 to 65535: ${EXAMPLE}`);
}

/**
 * Listens on a port for a moment.
 *
 * @param {number} port
 * @throws Error if the port cannot be used
 */
export async function tryPort(port) {
  const server = createServer();
  await new Promise((resolve, reject) => {
    server.once("error", (error) =>
      reject(new Error(`${factOf(error, port)}: ${EXAMPLE}`, { cause: error })),
    );
    server.listen({ host: "127.0.0.1", port }, () => server.close(resolve));
  });
}

/** @param {NodeJS.ErrnoException} error @param {number} port */
function factOf({ code, message }, port) {
  const address = `127.0.0.1:${port}`;
  return code === "EADDRINUSE"
    ? `Cannot listen on ${address}: another program listens there; stop it, or choose another port`
    : `Cannot listen on ${address}: ${message}`;
}
