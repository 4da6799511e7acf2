import { logSafely } from "../../log/log-safely.js";
import { ConfigurationError } from "../../errors.js";
import { DocumentRoot, type Located, type LocatedFile, type NotAFile } from "../../files/document-root.js";
import type { FileSystem } from "../../files/file-system.js";
import type { Exchange } from "../../protocol/application-side/exchange.js";
import type { Dispatch, Door } from "../../roles/door.js";
import { Role } from "../../protocol/constants.js";
import { internalErrorReply, problemReply } from "../../roles/error-reply.js";
import { logFailure } from "../../roles/failure.js";
import type { Transform } from "../../roles/filter.js";
import type { Roles } from "../../roles/roles.js";
import { HttpError } from "../../http/http-error.js";
import { methodNotAllowed } from "../../http/method-not-allowed.js";
import { encodePath, locate, type RequestLocation } from "../../paths/location.js";
import { normalizePath } from "../../paths/plain-path.js";
import { Reply } from "../../roles/reply.js";
import { sendReply } from "../../roles/send-reply.js";
import { audienceOf, type Audience } from "./audience.js";
import type { FilterBridgeOptions } from "../bridge-options.js";
import { FilteredFiles } from "./filtered-files.js";
import { ReplyCache } from "./reply-cache.js";

/** The methods of a filtered file, as in the filter role; the filter decides what POST means. */
const METHODS = ["GET", "HEAD", "POST"];
const FOLDER_METHODS = ["GET", "HEAD"];

/** What a request of the responder role may be for. */
interface FilterTarget {
  readonly location: RequestLocation;
  /** The decoded path below the mount, without empty and dot segments. */
  readonly path: string;
  /** The filter for a file of this path; undefined if only a folder is possible. */
  readonly transform: Transform | undefined;
}

interface FileTarget extends FilterTarget {
  readonly transform: Transform;
  readonly file: LocatedFile;
}

interface BridgeFacts {
  readonly root: DocumentRoot;
  readonly index: string;
  readonly files: FilteredFiles;
  readonly inProcess: boolean;
}

/** The options of the bridge, with those that users do not set. */
interface OpenOptions extends FilterBridgeOptions {
  /** Whether this process asks the authorizers; by default the Web server does. */
  readonly inProcess?: boolean | undefined;
  /** That of this machine by default. */
  readonly fileSystem?: FileSystem | undefined;
}

/**
 * The door to the filters, for Web servers that do not speak the filter role, which are all of them. A request of the
 * responder role is handled in the filter role (section 6.4), with the file as DATA, if its path matches a filter and leads
 * to a file below the root.
 */
export class FilterBridge {
  readonly #roles: Roles;
  readonly #root: DocumentRoot;
  readonly #index: string;
  readonly #files: FilteredFiles;
  readonly #inProcess: boolean;

  private constructor(roles: Roles, facts: BridgeFacts) {
    const { root, index, files, inProcess } = facts;
    this.#roles = roles;
    this.#root = root;
    this.#index = index;
    this.#files = files;
    this.#inProcess = inProcess;
  }

  /**
   * @throws ConfigurationError `ERR_DOCUMENT_ROOT` for a root that cannot be used, `ERR_BRIDGE` if the application has no
   *   filter
   */
  static async open(
    roles: Roles,
    { root: folder, index = "index.html", cache: limit, fileSystem, inProcess = false }: OpenOptions,
  ): Promise<FilterBridge> {
    const { filter } = roles;
    if (filter === undefined) {
      throw new ConfigurationError(
        "ERR_BRIDGE",
        "Cannot serve: bridges.filter is set, but the application has no filter; add one to the controllers, or omit the option",
      );
    }
    const root = await DocumentRoot.open(folder, { index, fileSystem });
    const cache = limit === undefined ? undefined : new ReplyCache(limit);
    return new FilterBridge(roles, {
      root,
      index,
      files: new FilteredFiles({ root, filter, cache }),
      inProcess,
    });
  }

  /** Answers a request of the responder role for a file that is filtered, and lets all others pass. */
  readonly door: Door = (exchange, next) => {
    if (exchange.role !== Role.Responder) {
      next(exchange);
      return;
    }
    const target = this.#targetOf(exchange);
    if (target === undefined) this.#pass(exchange, next);
    else this.#serve(exchange, target, next).catch((error: unknown) => this.#fail(exchange, error));
  };

  #pass(exchange: Exchange, next: Dispatch): void {
    if (this.#roles.responder !== undefined) next(exchange);
    else sendError(exchange, new HttpError(404, "There is no such file."));
  }

  /** What the request may be for, by its path alone, without the file system. */
  #targetOf({ params }: Exchange): FilterTarget | undefined {
    const { filter, responder, context } = this.#roles;
    const location = locate(params, { mount: context.mount, pathInfo: params.get("PATH_INFO") });
    const path = location.kind === "below" ? normalizePath(location.path) : undefined;
    if (path === undefined) return undefined;
    const isFolder = path.endsWith("/");
    const transform = filter!.transformFor([isFolder ? path + this.#index : path]);
    if (transform !== undefined) return { location, path, transform };
    // The responder is asked before the file system: most of its paths could be those of folders.
    const mayBeFolder = !isFolder && filter!.transformFor([`${path}/${this.#index}`]) !== undefined;
    return mayBeFolder && responder?.knows(location.path) !== true
      ? { location, path, transform: undefined }
      : undefined;
  }

  async #serve(exchange: Exchange, target: FilterTarget, next: Dispatch): Promise<void> {
    const { transform } = target;
    let located: Located | undefined = await this.#root.locate(target.path);
    if (exchange.ended) return;
    if (located.kind === "file" && transform !== undefined) {
      located = await this.#filter(exchange, { ...target, transform, file: located });
    }
    if (located === undefined) return;
    switch (located.kind) {
      case "file":
      case "missing":
        this.#pass(exchange, next);
        return;
      default:
        // As in the gateway: a responder that is declared for the path answers if the path does not lead to a file.
        if (this.#roles.responder?.knows(target.location.path) === true) this.#pass(exchange, next);
        else if (located.kind === "folder") redirectToFolder(exchange, target);
        else sendError(exchange, new HttpError(403, "This file is not served."));
    }
  }

  /** Answers; returns what is found instead if the file is gone. */
  async #filter(exchange: Exchange, target: FileTarget): Promise<NotAFile | undefined> {
    const { location, transform, file } = target;
    const audience = this.#admit(exchange, [target.path, file.name, file.realName]);
    if (audience === undefined) sendError(exchange, new HttpError(403, "This file is not served."));
    else if (!METHODS.includes(exchange.params.method)) sendError(exchange, methodNotAllowed(METHODS));
    else return this.#files.serve(exchange, { location, transform, file, audience });
    return undefined;
  }

  /**
   * The audience of the reply; undefined if the request must be denied. A file is protected under each of its names: that
   * of the folder whose index it is, and that of the target of a link. The authorizers were asked by the request's path
   * alone, so an authorizer that knows the file by another name was not among them.
   */
  #admit(exchange: Exchange, names: readonly string[]): Audience | undefined {
    const { authorizer, context } = this.#roles;
    const { params, vouchesFor } = exchange;
    const { gates } = authorizer;
    // The guard asks by more readings of a path than a Web server does.
    const asked = this.#inProcess ? (gates.guarding(params) ?? []) : gates.asked(params);
    const unasked = gates.covering(names).filter((gate) => !asked.includes(gate));
    if (unasked.length > 0) {
      const code = "ERR_AUTHORIZER_PASSED_BY";
      const more = context.budgets.admit(code);
      if (more !== undefined) {
        const facts = { code, authorizers: unasked.map(({ name }) => name), ...more };
        const message = "Denied: the path leads to a protected file, and its authorizer was not asked";
        logSafely(() => context.log.warn(facts, message));
      }
      return undefined;
    }
    return asked.length > 0 ? "admitted" : audienceOf(params, vouchesFor);
  }

  #fail(exchange: Exchange, error: unknown): void {
    logFailure(error, { ...this.#roles.context, exchange, what: "file lookup" });
    void sendReply(exchange, internalErrorReply());
  }
}

/**
 * Redirects to the folder's path with its slash. The path is normalized: one that begins with two slashes names another
 * host.
 */
function redirectToFolder(exchange: Exchange, { location, path }: FilterTarget): void {
  if (!FOLDER_METHODS.includes(exchange.params.method)) {
    sendError(exchange, methodNotAllowed(FOLDER_METHODS));
    return;
  }
  const { mount, target, query } = location;
  const to = `${mount}${encodePath(path)}/${target.includes("?") ? `?${query}` : ""}`;
  void sendReply(exchange, new Reply(undefined, { status: 301, headers: { Location: to } }));
}

function sendError(exchange: Exchange, error: HttpError): void {
  void sendReply(exchange, problemReply(error));
}
