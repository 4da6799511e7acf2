import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import { PersonalPages, type Lookup } from "./paper-job.js";
import { socketPath } from "./socket-path.js";

const pages = new PersonalPages(process.env["PAPER_FOLDER"]!, process.argv[3] as Lookup);

async function answer({ headers }: IncomingMessage, response: ServerResponse): Promise<void> {
  const page = await pages.page(String(headers["x-user"]), String(headers["x-password"]));
  response.statusCode = page === undefined ? 403 : 200;
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.end(page);
}

const server = createServer((request, response) => void answer(request, response));
server.keepAliveTimeout = 0;
server.listen(socketPath);
