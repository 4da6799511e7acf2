import type { IncomingMessage } from "node:http";
import { extname } from "node:path";

import { contentType } from "mime-types";

import type { DocumentRoot, LocatedFile } from "../files/document-root.js";
import type { FileContent } from "../files/file-content.js";
import { hasStrongTime, type FileFacts } from "../files/file-facts.js";
import { formatContentRange, selectRange } from "../http/byte-range.js";
import { formatHttpDate } from "../http/http-date.js";
import { evaluatePreconditions, type FieldLookup, type StateFacts } from "../http/preconditions.js";
import { sendResponse } from "./application-response.js";
import type { HttpExchange } from "./http-exchange.js";
import { respondWithStatus } from "./status-response.js";

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** The methods of a static file. */
export const STATIC_METHODS = ["GET", "HEAD"];

/** A file to send. */
export interface StaticFile {
  readonly root: DocumentRoot;
  readonly file: LocatedFile;
  /** Whether an authorizer allowed it, so that shared caches must not store it. */
  readonly protected: boolean;
}

interface OpenFile {
  readonly content: FileContent;
  /** The path that determines the media type. */
  readonly name: string;
  readonly cacheControl: string;
}

/**
 * Sends a located file, with ETag, Last-Modified, ranges and conditional requests. It is opened once: its metadata and content
 * come from that descriptor.
 *
 * @throws FileChangedError if the file shrinks while it is sent; the system's error if it cannot be opened or read
 */
export async function sendStaticFile(
  exchange: HttpExchange,
  { root, file, protected: isProtected }: StaticFile,
): Promise<void> {
  const content = await root.openFile(file);
  if ("kind" in content) {
    respondWithStatus(exchange.response, content.kind === "forbidden" ? 403 : 404);
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
      respondWithStatus(response, 412);
      return;
    case "not modified":
      response.writeHead(304, validators).end();
      return;
    case "proceed":
  }
  const range = selectRange({ method, headers }, { length, state });
  if (range === "unsatisfiable") {
    respondWithStatus(response, 416, { headers: { "Content-Range": formatContentRange(length) } });
    return;
  }
  const part = range === "whole" ? { first: 0, last: length - 1 } : range;
  const fields = {
    ...validators,
    "Content-Type": contentType(extname(name)) || "application/octet-stream",
    "Content-Length": String(part.last - part.first + 1),
    "Accept-Ranges": "bytes",
    "X-Content-Type-Options": "nosniff",
    ...(range !== "whole" && { "Content-Range": formatContentRange(length, range) }),
  };
  await sendResponse(exchange, {
    status: range === "whole" ? 200 : 206,
    statusText: "",
    headers: Object.entries(fields),
    body: method === "HEAD" ? nothing() : content.part(part),
  });
}

/** The validators of a file. One that was modified recently may change again within the same timestamp: its tag is weak. */
function stateOf(facts: FileFacts): StateFacts & { readonly etag: string; readonly lastModified: number } {
  const { length, modified, modifiedNs } = facts;
  const tag = `"${length.toString(16)}-${modifiedNs.toString(16)}"`;
  return {
    etag: hasStrongTime(facts) ? tag : `W/${tag}`,
    // RFC 9110, section 8.8.2.1: not a date in the future.
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
