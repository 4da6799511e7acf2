import { Role } from "../protocol/constants.js";
import { sendAnswer } from "./answer.js";
import { answerOf, ask, type Asking } from "./ask.js";
import { addBodyParams } from "./cgi-params.js";
import type { FileContent } from "../files/file-content.js";
import type { HttpExchange } from "./http-exchange.js";

/** The methods that a file behind a filter knows; what POST means is the filter's to say. */
export const FILTER_METHODS = ["GET", "HEAD", "POST"];

/** The file that a filter is given. */
export interface FilterSource {
  /** The variables that all roles get, and those of the authorizer. They are added to. */
  readonly params: Map<string, string>;
  /** The decoded path that the filter is chosen by. */
  readonly name: string;
  /** Where the file lies in the file system. */
  readonly realPath: string;
  /** The open file; it is closed here. */
  readonly file: FileContent;
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
  const { length, modified } = file.facts;
  try {
    params.set("SCRIPT_NAME", name);
    params.set("SCRIPT_FILENAME", realPath);
    params.set("PATH_TRANSLATED", realPath);
    params.set("FCGI_DATA_LENGTH", String(length));
    params.set("FCGI_DATA_LAST_MOD", String(modified));
    addBodyParams(params, exchange.request);
    const response = await ask(asking, {
      role: Role.Filter,
      params,
      stdin: exchange.body(),
      data: file,
      signal: exchange.signal,
    });
    await sendAnswer(exchange, answerOf(response));
  } finally {
    await file.close();
  }
}
