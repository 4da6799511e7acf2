import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

import type { ApplicationResponse } from "../gateway/response.js";
import { allowsOwnScript } from "./content-security-policy.js";
import { wantsPage } from "./failure-page.js";
import { HtmlStream } from "./html-stream.js";
import { RELOAD_SCRIPT } from "./page-reload.js";

/** Charsets in which the script is written as in ASCII. */
const ASCII_BASED = /^(?:utf-?8|us-ascii|iso-8859-\d{1,2}|windows-125\d|latin1)$/i;
/** Fields that describe the bytes of a body, which would change. */
const DIGESTS = ["content-digest", "repr-digest", "digest", "content-md5"];

/** Reads the codings of a body that browsers accept. */
const DECODERS = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
} as const;

type Fields = readonly (readonly [name: string, value: string])[];

/**
 * Adds the script that reloads a page to the end of a response, if it is a whole HTML page for a browser, and the page lets the
 * script run. At the end, the bytes before keep their positions, so that a part of the page (RFC 9110, section 14) still fits. A
 * compressed body is decoded for it. Other responses stay as they are.
 */
export function withReload(request: IncomingMessage, response: ApplicationResponse): ApplicationResponse {
  const fields = [...response.headers];
  if (!mayAdd(request, { status: response.status, fields })) return response;
  const [coding = "identity"] = valuesOf(fields, "content-encoding");
  const isCoded = coding !== "identity";
  const headers = fields.flatMap(([name, value]): Fields => {
    switch (name.toLowerCase()) {
      case "content-encoding":
        return [];
      case "content-length":
        return isCoded ? [] : [[name, String(Number(value) + RELOAD_SCRIPT.length)]];
      default:
        return [[name, value]];
    }
  });
  const body = isCoded ? decoded(response.body, coding as keyof typeof DECODERS) : response.body;
  return { ...response, headers, body: new HtmlStream(body) };
}

/** Whether a response gets the script. */
function mayAdd(
  request: IncomingMessage,
  { status, fields }: { readonly status: number; readonly fields: Fields },
): boolean {
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  // Nor 205, 206, 304 and redirects.
  if (!wantsPage(request) || (status !== 200 && status < 400)) return false;
  const types = valuesOf(fields, "content-type");
  const [type = ""] = types;
  const charset = /;\s*charset="?([^";\s]+)/i.exec(type)?.[1] ?? "utf-8";
  if (types.length !== 1 || !/^\s*text\/html\s*(?:;|$)/i.test(type) || !ASCII_BASED.test(charset))
    return false;
  const codings = valuesOf(fields, "content-encoding");
  if (
    codings.length > 1 ||
    codings.some((coding) => coding !== "identity" && !Object.hasOwn(DECODERS, coding))
  )
    return false;
  if (valuesOf(fields, "content-length").some((length) => !/^\d{1,15}$/.test(length))) return false;
  if (DIGESTS.some((name) => valuesOf(fields, name).length > 0)) return false;
  if (valuesOf(fields, "content-disposition").some((value) => /^\s*attachment/i.test(value))) return false;
  return [
    ...valuesOf(fields, "content-security-policy"),
    ...valuesOf(fields, "content-security-policy-report-only"),
  ].every(allowsOwnScript);
}

function valuesOf(fields: Fields, wanted: string): readonly string[] {
  return fields.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
}

function decoded(body: AsyncIterable<Uint8Array>, coding: keyof typeof DECODERS): AsyncIterable<Uint8Array> {
  const source = Readable.from(body, { objectMode: false });
  const decoder = DECODERS[coding]();
  source.once("error", (error) => decoder.destroy(error));
  decoder.once("close", () => source.destroy());
  return source.pipe(decoder);
}
