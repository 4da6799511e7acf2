import { Type, type Received } from "./records.js";

/** The body of a 500 without details (RFC 9457). */
export const INTERNAL_ERROR = JSON.stringify({
  type: "about:blank",
  title: "Internal Server Error",
  status: 500,
  detail: "The request could not be completed.",
});

/** The answer to one request, from its first record to its END_REQUEST. */
export interface Answer {
  readonly records: readonly Received[];
  readonly stdout: Buffer;
  readonly stderr: string;
  /** The header block, without its blank line. */
  readonly head: string;
  readonly status: number;
  /** The value of a header field, its name in any case. */
  header(name: string): string | undefined;
  readonly body: Buffer;
  readonly text: string;
  readonly applicationStatus: number;
  readonly protocolStatus: number;
}

/** Reads the records of one request as an answer, and checks the requirements of section 5.5 and of Web servers. */
export function answerOf(records: readonly Received[]): Answer {
  const last = records.at(-1)!;
  if (last.type !== Type.end) throw new Error("The last record is not END_REQUEST.");
  if (last.content.length !== 8) throw new Error("The body of END_REQUEST has not 8 bytes.");
  const stdout = Buffer.concat(contents(records, Type.stdout));
  const errors = contents(records, Type.stderr);
  // Jetty treats an empty STDERR record as the end of the answer.
  if (errors.some(({ length }) => length === 0)) throw new Error("There is an empty STDERR record.");
  // Only allowed if there is no answer at all, in a custom role.
  if (stdout.length > 0 && records[0]!.type === Type.stderr)
    throw new Error("STDERR stands in front of the answer.");
  const outputs = records.filter(({ type }) => type === Type.stdout);
  const ends = outputs.filter(({ content }) => content.length === 0);
  // Section 5.5: UNKNOWN_ROLE is END_REQUEST alone.
  const isUnknownRole = records.length === 1 && last.content[4] === 3;
  if (!isUnknownRole && (ends.length !== 1 || outputs.at(-1) !== ends[0]))
    throw new Error("STDOUT is not closed exactly once.");
  if (records.some(({ padding }) => padding.some((byte) => byte !== 0)))
    throw new Error("Padding is not zeroed.");
  const blank = stdout.indexOf("\r\n\r\n");
  const head = blank < 0 ? "" : stdout.toString("latin1", 0, blank);
  const body = blank < 0 ? stdout : stdout.subarray(blank + 4);
  const lines = head.split("\r\n");
  return {
    records,
    stdout,
    stderr: Buffer.concat(errors).toString(),
    head,
    status: Number(/^Status: (\d{3})\b/.exec(lines[0] ?? "")?.[1] ?? Number.NaN),
    header: (name) =>
      lines.find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}: `))?.slice(name.length + 2),
    body,
    text: body.toString(),
    applicationStatus: last.content.readUInt32BE(0),
    protocolStatus: last.content[4]!,
  };
}

function contents(records: readonly Received[], wanted: number): Buffer[] {
  return records.filter(({ type }) => type === wanted).map(({ content }) => content);
}
