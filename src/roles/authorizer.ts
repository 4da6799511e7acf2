import { logSafely } from "../log-safely.js";
import type { Refusal, RoleInputs } from "../protocol/application.js";
import { compileGlob } from "../path-glob.js";
import type { Exchange } from "../protocol/exchange.js";
import type { Params } from "../protocol/params.js";
import { AuthorizerRequest } from "./authorizer-request.js";
import type { AuthorizerDefinition } from "./definitions.js";
import { checkHead, statusLine, type HeadLimits } from "./head.js";
import { utf8AsLatin1 } from "./header-fields.js";
import { protectedPath } from "./location.js";
import type { RequestContext } from "./request.js";
import { Allow, Deny, NOT_IN_DENIALS, deny } from "./verdict.js";

interface Gate {
  readonly name: string;
  /** Whether it was declared for a path; with another spelling of the letters too if `caseSensitive` is false. */
  readonly covers: (path: string, options: { readonly caseSensitive: boolean }) => boolean;
  readonly authorize: AuthorizerDefinition["authorize"];
}

/**
 * Plays the authorizer role (section 6.3). It cannot fail open: only an `Allow` from every authorizer that matches lets a
 * request pass, and everything else ends in an answer whose first line is a status that denies. An END_REQUEST without
 * one would be "allowed" to lighttpd.
 */
export class AuthorizerRole {
  /** Servers send no body: Apache not even the end of STDIN, so nothing ever waits for it. */
  readonly inputs: RoleInputs = { stdin: false, data: false };
  readonly #gates: readonly Gate[];
  readonly #context: RequestContext;

  constructor(definitions: readonly AuthorizerDefinition[], context: RequestContext) {
    this.#context = context;
    this.#gates = definitions.map(({ name, paths, authorize }) => ({
      name,
      authorize,
      covers: coverage(paths),
    }));
  }

  handle(exchange: Exchange): void {
    const request = new AuthorizerRequest(exchange, this.#context);
    this.#decide(request)
      .then((verdict) => sendVerdict(exchange, verdict, { limits: this.#context.headLimits }))
      .catch((error: unknown) => {
        request.logFailure(error);
        sendVerdict(exchange, deny(500));
      });
  }

  /** The names of those who would decide about a request. */
  namesFor(params: Params): readonly string[] {
    return this.#gatesFor(params).map(({ name }) => name);
  }

  /** Denies at once, whatever the handler is doing. Also for a request that never came to a handler. */
  refuse(exchange: Exchange, { status }: Refusal): void {
    sendVerdict(exchange, deny(status));
  }

  /**
   * Who decides about a request, by its path and by that of the document that the server found for it, where it tells.
   * One of them must be declared for exactly such a path. Beside it those count too that only the case of letters keeps
   * out: on some file systems both spellings are one file, and the strictest authorizer must not be passed by.
   */
  #gatesFor(params: Params): readonly Gate[] {
    const uris = [params.get("REQUEST_URI"), params.get("DOCUMENT_URI")].filter(isGiven);
    // Nobody knows what is asked for, so all have to allow it.
    if (uris.length === 0) return this.#gates;
    const paths = uris.map((uri) => protectedPath(uri, this.#context.mount));
    if (!paths.every(isGiven)) return [];
    const covering = (caseSensitive: boolean): readonly Gate[] =>
      this.#gates.filter(({ covers }) => paths.some((path) => covers(path, { caseSensitive })));
    return covering(true).length === 0 ? [] : covering(false);
  }

  async #decide(request: AuthorizerRequest): Promise<Allow | Deny> {
    const gates = this.#gatesFor(request.params);
    if (gates.length === 0) {
      const code = "ERR_NO_AUTHORIZER";
      logSafely(() => request.log.warn({ code }, "Denied: no authorizer decides about this path"));
      return deny(403);
    }
    const variables = new Map<string, string>();
    for (const gate of gates) {
      request.route = gate.name;
      const verdict: unknown = await gate.authorize(request);
      if (Deny.is(verdict)) return verdict;
      if (!Allow.is(verdict)) {
        throw new TypeError(`Cannot authorize: ${gate.name} returned neither allow(…) nor deny(…)`);
      }
      for (const [name, value] of verdict.variables) variables.set(name, value);
    }
    return new Allow(variables);
  }
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== "";
}

/** Without globs an authorizer decides about every path. */
function coverage(globs: readonly string[]): Gate["covers"] {
  if (globs.length === 0) return () => true;
  const exact = globs.map((glob) => compileGlob(glob, { caseSensitive: true }));
  const anyCase = globs.map((glob) => compileGlob(glob, { caseSensitive: false }));
  return (path, { caseSensitive }) => (caseSensitive ? exact : anyCase).some((matches) => matches(path));
}

/**
 * Writes the whole decision at once; what comes after a refusal was sent is dropped by the exchange.
 *
 * @throws HeaderError for a header block that Web servers would not take as a whole; nothing was written then
 */
function sendVerdict(
  exchange: Exchange,
  verdict: Allow | Deny,
  { limits }: { readonly limits?: HeadLimits } = {},
): void {
  if (Allow.is(verdict) && exchange.aborted === undefined) {
    let head = statusLine(200);
    for (const [name, value] of verdict.variables) head += `Variable-${name}: ${utf8AsLatin1(value)}\r\n`;
    checkHead(head, verdict.variables.size, limits);
    exchange.answer({ head: `${head}\r\n`, body: "", bodyLength: 0 });
    return;
  }
  const { status, headers, body, type } = Deny.is(verdict) ? verdict : deny(503);
  const bodyLength = Buffer.byteLength(body);
  let head = statusLine(status);
  if (!headers.has("content-type")) head += `Content-Type: ${type}\r\n`;
  head += `Content-Length: ${bodyLength}\r\n`;
  for (const [name, value] of headers) {
    // Its maker could have changed them since they were checked.
    if (!NOT_IN_DENIALS.test(name)) head += `${name}: ${value}\r\n`;
  }
  checkHead(head, headers.size, limits);
  exchange.answer({ head: `${head}\r\n`, body, bodyLength });
}
