import type { ServerResponse } from "node:http";

import { respondWithStatus } from "../gateway/status-response.js";
import type { WorkerFailure } from "../supervisor/reports.js";

/** Answers that the program does not run. */
export function respondWithFailure(response: ServerResponse, { sentence, details }: WorkerFailure): void {
  respondWithText(response, 500, [sentence, ...details].join("\n"));
}

/** Answers that no program answers. */
export function respondUnanswered(response: ServerResponse, fact: string): void {
  respondWithText(response, 503, fact);
}

function respondWithText(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) {
    respondWithStatus(response, status);
    return;
  }
  const body = `${text}\n`;
  response
    .writeHead(status, {
      "Content-Type": "text/plain; charset=utf-8",
      "Content-Length": Buffer.byteLength(body),
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
    })
    .end(body);
}
