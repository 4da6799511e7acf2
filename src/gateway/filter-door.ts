import type { FileHandle } from "node:fs/promises";

import { Role } from "../protocol/constants.js";
import { sendAnswer } from "./answer.js";
import { answerOf, ask, type Asking } from "./ask.js";
import { addContentLength } from "./cgi-params.js";
import type { OpenFile } from "../files/document-root.js";
import type { HttpExchange } from "./http-exchange.js";

/** The methods that a file behind a filter knows; what POST means is the filter's to say. */
export const FILTER_METHODS = ["GET", "HEAD", "POST"];

/** Bytes of the file that are read at once. */
const PIECE_LENGTH = 64 * 1024;

/** The file that a filter is given. */
export interface FilterSource {
  /** The variables that all roles get, and those of the authorizer. They are added to. */
  readonly params: Map<string, string>;
  /** The decoded path that the filter is chosen by. */
  readonly name: string;
  /** Where the file lies in the file system. */
  readonly realPath: string;
  /** The open file; it is closed here. */
  readonly file: OpenFile;
}

/**
 * Lets the application answer in the filter role (section 6.4): the file goes there as DATA, with its length and the
 * time of its last modification, and the request body as STDIN.
 */
export async function filter(
  asking: Asking,
  exchange: HttpExchange,
  { params, name, realPath, file }: FilterSource,
): Promise<void> {
  const { handle, length, modified } = file;
  try {
    params.set("SCRIPT_NAME", name);
    params.set("SCRIPT_FILENAME", realPath);
    params.set("PATH_TRANSLATED", realPath);
    params.set("FCGI_DATA_LENGTH", String(length));
    params.set("FCGI_DATA_LAST_MOD", String(modified));
    addContentLength(params, exchange.request);
    const response = await ask(asking, {
      role: Role.Filter,
      params,
      stdin: exchange.body(),
      data: contentOf(handle, length),
      signal: exchange.signal,
    });
    await sendAnswer(exchange, answerOf(response));
  } finally {
    await handle.close();
  }
}

/** The first `length` bytes of a file: as many as FCGI_DATA_LENGTH says, also when it grows meanwhile. */
async function* contentOf(handle: FileHandle, length: number): AsyncGenerator<Uint8Array> {
  for (let position = 0; position < length;) {
    // A buffer of its own for each piece: the client sends it later.
    const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_LENGTH, length - position));
    const { bytesRead } = await handle.read(piece, 0, piece.length, position);
    if (bytesRead === 0) throw new Error(`Cannot send file: it has become shorter than ${length} bytes`);
    position += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}
