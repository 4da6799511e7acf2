import { Role } from "../protocol/constants.js";
import { sendResponse } from "./application-response.js";
import { completeResponse, askApplication, type ApplicationAccess } from "./ask-application.js";
import { addBodyParams } from "./cgi-params.js";
import type { HttpExchange } from "./http-exchange.js";

/** What a responder request depends on besides the HTTP request. */
export interface ResponderContext {
  /** The common variables and those of the authorizer. More are added. */
  readonly params: Map<string, string>;
  /** The prefix that becomes SCRIPT_NAME; "" for the root. */
  readonly mount: string;
  readonly documentRoot: string;
}

/**
 * Lets the application respond in the responder role (section 6.2): it gets the request body as STDIN. Both bodies are streams
 * with back-pressure.
 */
export async function askResponder(
  application: ApplicationAccess,
  exchange: HttpExchange,
  { params, mount, documentRoot }: ResponderContext,
): Promise<void> {
  const { path } = exchange.path;
  const mounted = mount !== "" && (path === mount || path.startsWith(`${mount}/`));
  const pathInfo = mounted ? path.slice(mount.length) : path;
  params.set("SCRIPT_NAME", mounted ? mount : "");
  params.set("PATH_INFO", pathInfo);
  if (pathInfo !== "") params.set("PATH_TRANSLATED", documentRoot + pathInfo);
  addBodyParams(params, exchange.request);
  const request = { role: Role.Responder, params, stdin: exchange.body(), signal: exchange.signal };
  exchange.observer?.asked(request);
  const response = await askApplication(application, request);
  exchange.observer?.answered({ kind: "responded", status: response.status });
  await sendResponse(exchange, completeResponse(response));
}
