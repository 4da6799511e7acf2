import { createConnection } from "node:net";

import { ConfigurationError } from "../errors.js";
import { formatLine, MAX_ANSWER_BYTES, type ControlAnswer, type ControlRequest } from "./control-protocol.js";

/** The options of {@link askMaster}. */
export interface AskOptions {
  /** How long to wait for the answer, in ms; for ever by default: a master that ends closes the connection. */
  readonly limit?: number | undefined;
  /** Whether to wait until the master has closed the connection after its answer. */
  readonly untilClosed?: boolean | undefined;
}

/**
 * Asks the master at a control socket.
 *
 * @throws ConfigurationError `ERR_NO_MASTER` if none listens there, `ERR_CONTROL` if it does not answer
 */
export function askMaster(
  { path, request }: { readonly path: string; readonly request: ControlRequest },
  { limit, untilClosed = false }: AskOptions = {},
): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    const pieces: Buffer[] = [];
    let length = 0;
    let isConnected = false;
    let answer: ControlAnswer | undefined;
    const fail = (fact: string, cause?: unknown): void => {
      socket.destroy();
      reject(new ConfigurationError("ERR_CONTROL", `Cannot control master: ${fact}`, cause));
    };
    if (limit !== undefined)
      socket.setTimeout(limit, () => fail(`it has not answered for ${limit / 1000} s`));
    socket.on("connect", () => {
      isConnected = true;
      socket.write(formatLine(request));
    });
    socket.on("data", (piece: Buffer) => {
      if (answer !== undefined) return;
      length += piece.length;
      if (length > MAX_ANSWER_BYTES) {
        fail(`its answer is longer than ${MAX_ANSWER_BYTES} bytes`);
        return;
      }
      pieces.push(piece);
      if (piece.at(-1) !== 0x0a) return;
      const text = Buffer.concat(pieces).toString();
      try {
        answer = JSON.parse(text) as ControlAnswer;
      } catch (error) {
        fail("its answer is not JSON", error);
        return;
      }
      if (!untilClosed) {
        socket.destroy();
        resolve(answer);
      }
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (isConnected) return;
      reject(noMaster(path, error));
    });
    socket.on("close", () => {
      if (answer !== undefined) resolve(answer);
      else if (isConnected) fail("it ended before it answered");
    });
  });
}

function noMaster(path: string, error: NodeJS.ErrnoException): ConfigurationError {
  const isGone = error.code === "ENOENT" || error.code === "ECONNREFUSED";
  const fact = isGone ? `no master listens on ${path}` : `${path}: ${error.message}`;
  return new ConfigurationError("ERR_NO_MASTER", `Cannot control master: ${fact}`, error);
}
