import { Role } from "../protocol/constants.js";
import { sendResponse } from "./application-response.js";
import { completeResponse, askApplication, type ApplicationAccess } from "./ask-application.js";
import { addBodyParams } from "./cgi-params.js";
import type { FileContent } from "../files/file-content.js";
import type { HttpExchange } from "./http-exchange.js";

/** The methods of a filtered file. The filter decides what POST means. */
export const FILTER_METHODS = ["GET", "HEAD", "POST"];

/** The file for a filter. */
export interface FilterSource {
  /** The common variables and those of the authorizer. More are added. */
  readonly params: Map<string, string>;
  /** The decoded path that selects the filter. */
  readonly name: string;
  /** The path in the file system. */
  readonly realPath: string;
  /** The open file. It is closed at the end. */
  readonly file: FileContent;
}

/**
 * Lets the application respond in the filter role (section 6.4): it gets the file as DATA, with its length and modification
 * time, and the request body as STDIN.
 */
export async function askFilter(
  application: ApplicationAccess,
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
    const request = {
      role: Role.Filter,
      params,
      stdin: exchange.body(),
      data: file,
      signal: exchange.signal,
    };
    exchange.observer?.asked(request);
    const response = await askApplication(application, request);
    exchange.observer?.answered({ kind: "responded", status: response.status });
    await sendResponse(exchange, completeResponse(response));
  } finally {
    await file.close();
  }
}
