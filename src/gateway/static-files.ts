import send from "send";

import type { DocumentRoot, LocatedFile } from "../files/document-root.js";
import type { HttpExchange } from "./http-exchange.js";
import { answerPlainly } from "./plain-answer.js";

/** The methods that a plain file knows. */
export const STATIC_METHODS = ["GET", "HEAD"];

/** What a file is sent with. */
export interface StaticFile {
  readonly root: DocumentRoot;
  readonly file: LocatedFile;
  /** Whether an authorizer had to allow it, so that no shared cache may keep it. */
  readonly protected: boolean;
}

/** Sends a file that was located, with ETag, Last-Modified, ranges and conditional requests. */
export function sendStaticFile(
  { request, response }: HttpExchange,
  { root, file, protected: isProtected }: StaticFile,
): void {
  response.setHeader("Cache-Control", isProtected ? "private, no-cache" : "no-cache");
  response.setHeader("X-Content-Type-Options", "nosniff");
  // By its real name: what has been checked is what is opened. Nothing is left in it that could lead elsewhere.
  const name = file.realName.split("/").map(encodeURIComponent).join("/");
  const stream = send(request, name, {
    root: root.path,
    dotfiles: "deny",
    index: false,
    cacheControl: false,
  });
  stream.on("error", (error: Error & { readonly status?: number }) => {
    const status = error.status ?? 500;
    const range = status === 416 ? response.getHeader("Content-Range") : undefined;
    answerPlainly(
      response,
      status,
      range === undefined ? {} : { headers: { "Content-Range": String(range) } },
    );
  });
  stream.on("directory", () => answerPlainly(response, 404));
  stream.pipe(response);
}
