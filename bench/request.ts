import { encodeBeginRequest, encodeNameValuePairs, encodeRecord, RecordType, Role } from "tricorn/protocol";

import { peersFolder } from "./workplace.js";

/** The protocol of a server. */
export type Protocol = "fastcgi" | "scgi" | "http";

/** A request. */
export interface RequestFacts {
  readonly target: string;
  readonly role?: Role;
  readonly body?: Buffer;
  /** Header fields in addition to the browser's. */
  readonly fields?: readonly (readonly [string, string])[];
  /** The file for a filter. */
  readonly data?: Buffer;
  /** Whether the connection is closed after the answer. */
  readonly close?: boolean;
}

/** Bytes of content in a record of a body, as in nginx. */
const RECORD = 32 * 1024;

/** The header fields of a browser. The load generator replaces the number signs by a number. */
const browserFields: readonly (readonly [string, string])[] = [
  ["Host", "www.example.com"],
  ["Cache-Control", "max-age=0"],
  [
    "User-Agent",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
  ],
  ["Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"],
  ["Upgrade-Insecure-Requests", "1"],
  ["Sec-Fetch-Site", "none"],
  ["Sec-Fetch-Mode", "navigate"],
  ["Sec-Fetch-Dest", "document"],
  ["Accept-Encoding", "gzip, deflate, br, zstd"],
  ["Accept-Language", "en-GB,en;q=0.9,de;q=0.8"],
  ["Cookie", "session=0123456789abcdef########01234567; theme=dark"],
];

/** The whole request with id 0 in each record, which the load generator replaces. */
export function formatRequest(protocol: Protocol, facts: RequestFacts): Buffer {
  switch (protocol) {
    case "http":
      return httpRequest(facts);
    case "scgi":
      return scgiRequest(facts);
    case "fastcgi":
      return fastCgiRequest(facts);
  }
}

function httpRequest({ target, body, fields: more = [], close = false }: RequestFacts): Buffer {
  const fields = [...browserFields, ...more, ["Connection", close ? "close" : "keep-alive"] as const];
  if (body)
    fields.push(["Content-Type", "application/octet-stream"], ["Content-Length", String(body.length)]);
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return Buffer.concat([
    Buffer.from(`${body ? "POST" : "GET"} ${target} HTTP/1.1\r\n${lines}\r\n`),
    body ?? Buffer.alloc(0),
  ]);
}

function fastCgiRequest(facts: RequestFacts): Buffer {
  const { target, role = Role.Responder, body, fields = [], data, close = false } = facts;
  const params = [...serverVariables(target, body), ...fieldVariables(fields)];
  if (data) params.push(["FCGI_DATA_LENGTH", String(data.length)], ["FCGI_DATA_LAST_MOD", "1700000000"]);
  const records = [
    record(RecordType.BeginRequest, encodeBeginRequest({ role, keepConnection: !close })),
    ...stream(RecordType.Params, encodeNameValuePairs(params)),
  ];
  // Apache sends an authorizer no STDIN at all.
  if (role !== Role.Authorizer) records.push(...stream(RecordType.Stdin, body ?? Buffer.alloc(0)));
  if (data) records.push(...stream(RecordType.Data, data));
  return Buffer.concat(records);
}

/** The same variables, those that SCGI demands first. */
function scgiRequest({ target, body, fields = [] }: RequestFacts): Buffer {
  const variables = serverVariables(target, body).filter(([name]) => name !== "CONTENT_LENGTH");
  const headers = [
    ["CONTENT_LENGTH", String(body?.length ?? 0)] as const,
    ["SCGI", "1"] as const,
    ...variables,
    ...fieldVariables(fields),
  ].map(([name, value]) => `${name}\0${value}\0`);
  const text = headers.join("");
  return Buffer.concat([Buffer.from(`${Buffer.byteLength(text)}:${text},`), body ?? Buffer.alloc(0)]);
}

/** The variables of the browser's fields, and of others. */
function fieldVariables(more: NonNullable<RequestFacts["fields"]>): (readonly [string, string])[] {
  return [...browserFields, ...more].map(([name, value]) => [
    `HTTP_${name.toUpperCase().replaceAll("-", "_")}`,
    value,
  ]);
}

/** The variables of nginx's stock fastcgi_params. */
function serverVariables(target: string, body: Buffer | undefined): (readonly [string, string])[] {
  const [path = "", query = ""] = target.split("?");
  return [
    ["SCRIPT_FILENAME", `${peersFolder}php-fpm.php`],
    ["QUERY_STRING", query],
    ["REQUEST_METHOD", body ? "POST" : "GET"],
    ["CONTENT_TYPE", body ? "application/octet-stream" : ""],
    ["CONTENT_LENGTH", body ? String(body.length) : ""],
    ["SCRIPT_NAME", path],
    ["REQUEST_URI", target],
    ["DOCUMENT_URI", path],
    ["DOCUMENT_ROOT", "/srv/www"],
    ["SERVER_PROTOCOL", "HTTP/1.1"],
    ["REQUEST_SCHEME", "https"],
    ["HTTPS", "on"],
    ["GATEWAY_INTERFACE", "CGI/1.1"],
    ["SERVER_SOFTWARE", "nginx/1.22.1"],
    ["REMOTE_ADDR", "192.0.2.17"],
    ["REMOTE_PORT", "50123"],
    ["REMOTE_USER", ""],
    ["SERVER_ADDR", "198.51.100.4"],
    ["SERVER_PORT", "443"],
    ["SERVER_NAME", "www.example.com"],
    ["REDIRECT_STATUS", "200"],
    ["REQUEST_ID", "5d41402abc4b2a76b9719d91########"],
    ["SSL_PROTOCOL", "TLSv1.3"],
    ["SSL_CIPHER", "TLS_AES_256_GCM_SHA384"],
  ];
}

function record(type: RecordType, content: Uint8Array): Buffer {
  return encodeRecord({ type, requestId: 0, content });
}

/** A stream with its end. */
function* stream(type: RecordType, content: Buffer): Generator<Buffer> {
  for (let at = 0; at < content.length; at += RECORD) yield record(type, content.subarray(at, at + RECORD));
  yield record(type, Buffer.alloc(0));
}

/** A FastCGI request whose records have this id. */
export function withId(request: Buffer, id: number): Buffer {
  const bytes = Buffer.from(request);
  for (let at = 0; at < bytes.length;) {
    bytes.writeUInt16BE(id, at + 2);
    at += 8 + bytes.readUInt16BE(at + 4) + bytes[at + 6]!;
  }
  return bytes;
}
