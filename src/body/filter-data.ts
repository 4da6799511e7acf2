import { TricornError } from "../errors.js";
import { pulledStream } from "./pulled-stream.js";

/** FCGI_DATA is not what FCGI_DATA_LENGTH announced (section 6.4). */
export class FilterDataError extends TricornError {
  constructor(message: string) {
    super("ERR_FILTER_DATA", message, { fault: "remote" });
  }
}

/** The input of a filter: FCGI_DATA, or a file. */
export interface DataInput {
  /** Returns the next piece, or undefined after the last one. */
  read(): Promise<Uint8Array | undefined>;
  /** Drops the rest. */
  discard(): void;
}

/** Returns the input as a web stream that fails if it is shorter or longer than `length` bytes. */
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
