import { Role } from "../protocol/constants.js";
import { sendAnswer } from "./answer.js";
import { answerOf, ask, type Asking } from "./ask.js";
import { addBodyParams } from "./cgi-params.js";
import type { HttpExchange } from "./http-exchange.js";

/** Where the application lives among the paths of the gateway. */
export interface ResponderPlace {
  /** The variables that all roles get, and those of the authorizer. They are added to. */
  readonly params: Map<string, string>;
  /** The prefix that becomes SCRIPT_NAME; "" where the application is the root. */
  readonly mount: string;
  readonly documentRoot: string;
}

/**
 * Lets the application answer in the responder role (section 6.2): the request body goes there as STDIN, the answer
 * comes back, both piece by piece and no faster than they are taken.
 */
export async function respond(
  asking: Asking,
  exchange: HttpExchange,
  { params, mount, documentRoot }: ResponderPlace,
): Promise<void> {
  const { path } = exchange.path;
  const mounted = mount !== "" && (path === mount || path.startsWith(`${mount}/`));
  const pathInfo = mounted ? path.slice(mount.length) : path;
  params.set("SCRIPT_NAME", mounted ? mount : "");
  params.set("PATH_INFO", pathInfo);
  if (pathInfo !== "") params.set("PATH_TRANSLATED", documentRoot + pathInfo);
  addBodyParams(params, exchange.request);
  const response = await ask(asking, {
    role: Role.Responder,
    params,
    stdin: exchange.body(),
    signal: exchange.signal,
  });
  await sendAnswer(exchange, answerOf(response));
}
