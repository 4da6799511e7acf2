import type { IncomingMessage } from "node:http";
import { extname } from "node:path";

import { contentType } from "mime-types";

import type { DocumentRoot, LocatedFile } from "../files/document-root.js";
import type { FileContent } from "../files/file-content.js";
import { isSettled, type FileFacts } from "../files/file-facts.js";
import { formatContentRange, selectRange } from "../http/byte-range.js";
import { formatHttpDate } from "../http/http-date.js";
import { evaluatePreconditions, type FieldLookup, type StateFacts } from "../http/preconditions.js";
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

interface OpenFile {
  readonly content: FileContent;
  /** The path that the media type follows from. */
  readonly name: string;
  readonly cacheControl: string;
}

/**
 * Sends a file that was located, with ETag, Last-Modified, ranges and conditional requests. It is opened once; all that is
 * told of it, and all that is sent, is read from that descriptor.
 *
 * @throws FileChangedError when the file becomes shorter while it is sent, and what the system says of one that it cannot
 *   open or read
 */
export async function sendStaticFile(
  exchange: HttpExchange,
  { root, file, protected: isProtected }: StaticFile,
): Promise<void> {
  const content = await root.openFile(file);
  if ("kind" in content) {
    answerPlainly(exchange.response, content.kind === "forbidden" ? 403 : 404);
    return;
  }
  try {
    const cacheControl = isProtected ? "private, no-cache" : "no-cache";
    await sendContent(exchange, { content, name: file.realName, cacheControl });
  } finally {
    await content.close();
  }
}

async function sendContent(exchange: HttpExchange, { content, name, cacheControl }: OpenFile): Promise<void> {
  const { request, response, method } = exchange;
  const { length } = content.facts;
  const headers = fieldsOf(request);
  const state = stateOf(content.facts);
  const validators = {
    "Cache-Control": cacheControl,
    ETag: state.etag,
    "Last-Modified": formatHttpDate(state.lastModified),
  };
  switch (evaluatePreconditions(headers, state)) {
    case "failed":
      answerPlainly(response, 412);
      return;
    case "not modified":
      response.writeHead(304, validators).end();
      return;
    case "proceed":
  }
  const range = selectRange({ method, headers }, { length, state });
  if (range === "unsatisfiable") {
    answerPlainly(response, 416, { headers: { "Content-Range": formatContentRange(length) } });
    return;
  }
  const part = range === "whole" ? { first: 0, last: length - 1 } : range;
  response.writeHead(range === "whole" ? 200 : 206, {
    ...validators,
    "Content-Type": contentType(extname(name)) || "application/octet-stream",
    "Content-Length": part.last - part.first + 1,
    "Accept-Ranges": "bytes",
    "X-Content-Type-Options": "nosniff",
    ...(range !== "whole" && { "Content-Range": formatContentRange(length, range) }),
  });
  if (method !== "HEAD") {
    for await (const piece of content.part(part)) await exchange.write(piece);
  }
  response.end();
}

/** The validators of a file. A file that has just been changed may change again and keep its time: its tag is weak. */
function stateOf(facts: FileFacts): StateFacts & { readonly etag: string; readonly lastModified: number } {
  const { length, modified, modifiedNs } = facts;
  const tag = `"${length.toString(16)}-${modifiedNs.toString(16)}"`;
  return {
    etag: isSettled(facts) ? tag : `W/${tag}`,
    // RFC 9110, section 8.8.2.1: no date in the future.
    lastModified: Math.min(modified, Math.floor(Date.now() / 1000)),
  };
}

function fieldsOf({ headers }: IncomingMessage): FieldLookup {
  return {
    get: (name) => {
      const value = headers[name];
      return typeof value === "object" ? value.join(", ") : value;
    },
  };
}
