import { TricornError } from "../errors.js";
import { pulledStream } from "./pulled-stream.js";

/** FCGI_DATA is not what FCGI_DATA_LENGTH announced (section 6.4). */
export class FilterDataError extends TricornError {
  constructor(message: string) {
    super("ERR_FILTER_DATA", message, { fault: "remote" });
  }
}

/** Where the file of a filter comes from: FCGI_DATA, or the file system. */
export interface DataInput {
  /** The next piece, or undefined behind the last. */
  read(): Promise<Uint8Array | undefined>;
  /** Nobody will read any further. */
  discard(): void;
}

/** A file as a web stream that counts: it fails when it is shorter or longer than `length` bytes. */
export function checkedData(input: DataInput, length: number): ReadableStream<Uint8Array> {
  let received = 0;
  return pulledStream({
    async next() {
      const piece = await input.read();
      received += piece?.length ?? 0;
      if (received > length || (piece === undefined && received < length)) {
        const fact = received > length ? `more than ${length} bytes` : `${received} of ${length} bytes`;
        input.discard();
        throw new FilterDataError(`Cannot read file: FCGI_DATA has ${fact}`);
      }
      return piece;
    },
    discard: () => input.discard(),
  });
}
