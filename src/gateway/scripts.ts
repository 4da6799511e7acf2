import { ConfigurationError } from "../errors.js";
import type { DocumentRoot, Located, LocatedFile } from "../files/document-root.js";

/** A PHP application, whose scripts are files below the root. */
export interface PhpOptions {
  /** The script that answers each path that leads to no script and no file: "/index.php". Default: none. */
  readonly frontController?: string | undefined;
  /**
   * The root as PHP sees it, if it runs elsewhere, as in a container: "/var/www/html". DOCUMENT_ROOT, SCRIPT_FILENAME and
   * PATH_TRANSLATED begin with it. Default: the root.
   */
  readonly root?: string | undefined;
  /**
   * PHP reads as many bytes of a body as CONTENT_LENGTH says. A body without a length is therefore collected in memory, up to so
   * many bytes; a larger one is refused with 413. Default: 8 MiB, as much as PHP accepts by default.
   */
  readonly collectedBytes?: number | undefined;
}

/** A script that answers a request. */
export interface Script {
  /** SCRIPT_NAME. */
  readonly name: string;
  /** The path of the file below the root, without links. */
  readonly realName: string;
  /** PATH_INFO: what follows the name of the script in the path; "" for nothing. */
  readonly pathInfo: string;
}

const EXTENSION = ".php";
const INDEX = "index.php";

/** Names of PHP's source, which is never sent: also another spelling, and what an editor has left. */
const SOURCE =
  /\.(?:php\d*|pht|phtml|phps|phar)(?:[~#]|,v|\.(?:bak|old|orig|rej|save|swp|dist|tmp|~?\d+))*$/i;

/** Whether a file of this name may hold source that no client may see. */
export function isSource(name: string): boolean {
  return SOURCE.test(name);
}

/**
 * Checks the option of a gateway.
 *
 * @throws ConfigurationError `ERR_GATEWAY_PHP` for a front controller, a root or a number that cannot be used
 */
export function checkPhpOptions({ frontController, root, collectedBytes }: PhpOptions): void {
  if (frontController !== undefined && !/^\/(?:.*\/)?[^/]+\.php$/.test(frontController)) {
    const fact = `${JSON.stringify(frontController)} is not a path of a script`;
    throw phpError(`the front controller ${fact}; write php: { frontController: "/index.php" }`);
  }
  if (root !== undefined && !root.startsWith("/"))
    throw phpError(`its root ${JSON.stringify(root)} does not start with "/"`);
  if (collectedBytes !== undefined && !(Number.isInteger(collectedBytes) && collectedBytes >= 0))
    throw phpError("collectedBytes is not a number of bytes");
}

/** Finds the script of a path: only an existing `*.php` below the root, or the front controller. */
export class Scripts {
  readonly #root: DocumentRoot;
  readonly #frontController: Script | undefined;

  private constructor(root: DocumentRoot, frontController: Script | undefined) {
    this.#root = root;
    this.#frontController = frontController;
  }

  /** @throws ConfigurationError `ERR_GATEWAY_PHP` if the front controller is not below the root */
  static async open(root: DocumentRoot, { frontController }: PhpOptions): Promise<Scripts> {
    if (frontController === undefined) return new Scripts(root, undefined);
    const script = scriptOf(await root.locate(frontController), "");
    if (script === undefined) {
      throw phpError(`the front controller ${frontController} is not a file below ${root.path}`);
    }
    return new Scripts(root, script);
  }

  /** The script of a decoded path; undefined if the path leads to another file, or nowhere. */
  async find(path: string, located: Located): Promise<Script | undefined> {
    const named = (await this.#named(path)) ?? (await this.#indexOf(path));
    if (named !== undefined) return named;
    const isOther = located.kind === "file" && !isSource(located.name) && !isSource(located.realName);
    if (isOther || (located.kind === "folder" && (await this.#hasIndex(path)))) return undefined;
    return this.#frontController;
  }

  /**
   * The first `*.php` in the path that is a file; what follows is PATH_INFO. `/upload/x.jpg/y.php` does not run x.jpg: the name
   * that is looked up always ends with the script's extension.
   */
  async #named(path: string): Promise<Script | undefined> {
    for (let at = path.indexOf(EXTENSION); at >= 0; at = path.indexOf(EXTENSION, at + 1)) {
      const end = at + EXTENSION.length;
      if (end < path.length && path[end] !== "/") continue;
      const located = await this.#root.locate(path.slice(0, end));
      // What does not exist, or is a file, has nothing below it.
      if (located.kind !== "folder") return scriptOf(located, path.slice(end));
    }
    return undefined;
  }

  async #indexOf(folder: string): Promise<Script | undefined> {
    return folder.endsWith("/") ? scriptOf(await this.#root.locate(folder + INDEX), "") : undefined;
  }

  /** Whether the folder has a page of its own, to which the client is then redirected. */
  async #hasIndex(folder: string): Promise<boolean> {
    const names = [`${folder}/`, `${folder}/${INDEX}`];
    const found = await Promise.all(names.map((name) => this.#root.locate(name)));
    return found.some(({ kind }) => kind === "file");
  }
}

/** A file that is a script under both of its names: a link must not make one of another file. */
function scriptOf(located: Located, pathInfo: string): Script | undefined {
  return located.kind === "file" && isScript(located)
    ? { name: located.name, realName: located.realName, pathInfo }
    : undefined;
}

function isScript({ name, realName }: LocatedFile): boolean {
  return name.endsWith(EXTENSION) && realName.endsWith(EXTENSION);
}

function phpError(fact: string): ConfigurationError {
  return new ConfigurationError("ERR_GATEWAY_PHP", `Cannot run PHP: ${fact}`);
}
