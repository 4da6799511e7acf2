// FastCGI records as a peer writes and reads them, kept apart from src/ on purpose: a mistake there must not hide here.

/** Record types by their names in section 8. */
export const Type = {
  begin: 1,
  abort: 2,
  end: 3,
  params: 4,
  stdin: 5,
  stdout: 6,
  stderr: 7,
  data: 8,
  getValues: 9,
  getValuesResult: 10,
  unknownType: 11,
} as const;

export const Responder = 1;
export const Authorizer = 2;
export const Filter = 3;

type Content = string | Uint8Array;

const bytesOf = (content: Content): Uint8Array =>
  typeof content === "string" ? Buffer.from(content) : content;

/** One record; padding is filled with 0xff, because it must be ignored. */
export function record(type: number, id: number, content: Content = "", padding = 0): Buffer {
  const bytes = bytesOf(content);
  const { length } = bytes;
  if (length > 0xffff) throw new RangeError("too long for one record");
  const header = [1, type, id >> 8, id & 0xff, length >> 8, length & 0xff, padding, 0];
  return Buffer.concat([Buffer.from(header), bytes, Buffer.alloc(padding, 0xff)]);
}

/** BEGIN_REQUEST; keeps the connection by default. */
export function begin(id: number, role: number = Responder, { keep = true } = {}): Buffer {
  return record(Type.begin, id, Buffer.from([role >> 8, role & 0xff, keep ? 1 : 0, 0, 0, 0, 0, 0]));
}

/** Name-value pairs (section 3.4). */
export function pairs(
  variables: Readonly<Record<string, Content>> | readonly (readonly [Content, Content])[],
): Buffer {
  const list = Array.isArray(variables) ? variables : Object.entries(variables);
  const parts: Uint8Array[] = [];
  for (const [name, value] of list as [Content, Content][]) {
    const both = [bytesOf(name), bytesOf(value)];
    for (const { length } of both) {
      parts.push(
        length < 128
          ? Buffer.from([length])
          : Buffer.from([(length >>> 24) | 0x80, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff]),
      );
    }
    parts.push(...both);
  }
  return Buffer.concat(parts);
}

/** A stream in records of at most `size` bytes; not closed. */
export function stream(type: number, id: number, content: Content, size = 0xffff): Buffer {
  const bytes = bytesOf(content);
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size)
    records.push(record(type, id, bytes.subarray(at, at + size)));
  return Buffer.concat(records);
}

/** PARAMS of one request, closed. */
export function params(id: number, variables: Parameters<typeof pairs>[0]): Buffer {
  return Buffer.concat([stream(Type.params, id, pairs(variables)), record(Type.params, id)]);
}

/** STDIN with this content, closed. */
export function stdin(id: number, content: Content = ""): Buffer {
  return Buffer.concat([stream(Type.stdin, id, content), record(Type.stdin, id)]);
}

/** DATA with this content, closed. */
export function data(id: number, content: Content = ""): Buffer {
  return Buffer.concat([stream(Type.data, id, content), record(Type.data, id)]);
}

export const abort = (id: number): Buffer => record(Type.abort, id);

/** The params of a Web server for a request in any role. */
export function variablesOf(
  target: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return { REQUEST_METHOD: "GET", REQUEST_URI: target, SERVER_PROTOCOL: "HTTP/1.1", ...more };
}

/** A whole responder request without a body, unless one is given. */
export function get(id: number, target: string, { keep = true, ...more }: RequestFacts = {}): Buffer {
  return Buffer.concat([
    begin(id, Responder, { keep }),
    params(id, variablesOf(target, more.params)),
    stdin(id, more.body ?? ""),
  ]);
}

/** A whole responder request with a body and its CONTENT_LENGTH. */
export function post(
  id: number,
  target: string,
  body: Content,
  { keep = true, params }: RequestFacts = {},
): Buffer {
  const length = String(Buffer.byteLength(body));
  return get(id, target, {
    keep,
    body,
    params: { REQUEST_METHOD: "POST", CONTENT_LENGTH: length, ...params },
  });
}

export interface RequestFacts {
  readonly keep?: boolean;
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: Content;
}

/** A whole authorizer request as Apache sends it: no record of STDIN at all. */
export function authorize(
  id: number,
  target: string,
  { keep = true, params: more }: RequestFacts = {},
): Buffer {
  return Buffer.concat([begin(id, Authorizer, { keep }), params(id, variablesOf(target, more))]);
}

/** A whole filter request. */
export function filter(id: number, target: string, content: Content, facts: RequestFacts = {}): Buffer {
  const length = { FCGI_DATA_LENGTH: String(Buffer.byteLength(content)), FCGI_DATA_LAST_MOD: "1700000000" };
  return Buffer.concat([
    begin(id, Filter, { keep: facts.keep ?? true }),
    params(id, variablesOf(target, { ...length, ...facts.params })),
    stdin(id, facts.body ?? ""),
    data(id, content),
  ]);
}

/** A record that the application sent. */
export interface Received {
  readonly type: number;
  readonly id: number;
  readonly content: Buffer;
  readonly padding: Buffer;
}

/** Splits the application's output into records. */
export class Records {
  #rest: Buffer[] = [];
  #length = 0;
  /** Whether the connection ended with the header of a record of an invalid version, which marks an aborted answer. */
  brokenOff = false;

  /** Whether the last bytes were no whole record. */
  get cut(): boolean {
    return this.#length > 0;
  }

  push(chunk: Buffer): Received[] {
    this.#rest.push(chunk);
    this.#length += chunk.length;
    const bytes = this.#rest.length === 1 ? chunk : Buffer.concat(this.#rest);
    const records: Received[] = [];
    let at = 0;
    while (bytes.length - at >= 8) {
      if (this.brokenOff) throw new Error("The application sent something after the end.");
      if (bytes[at] === 0xff && bytes.length - at === 8) {
        this.brokenOff = true;
        at += 8;
        break;
      }
      if (bytes[at] !== 1) throw new Error(`The application sent a record of version ${bytes[at]}.`);
      const length = bytes.readUInt16BE(at + 4);
      const end = at + 8 + length + bytes[at + 6]!;
      if (end > bytes.length) break;
      records.push({
        type: bytes[at + 1]!,
        id: bytes.readUInt16BE(at + 2),
        content: bytes.subarray(at + 8, at + 8 + length),
        padding: bytes.subarray(at + 8 + length, end),
      });
      at = end;
    }
    this.#rest = at === bytes.length ? [] : [bytes.subarray(at)];
    this.#length = bytes.length - at;
    return records;
  }
}
