import { logSafely } from "../../log/log-safely.js";
import { locate } from "../../paths/location.js";
import { normalizePath } from "../../paths/plain-path.js";
import { Role } from "../../protocol/constants.js";
import type { Door } from "../../roles/door.js";
import type { Roles } from "../../roles/roles.js";

const WARNING =
  "A responder request is for a file of a filter, and no filter runs: set bridges.filter.root to the folder of the files";

/** After this many requests, only some are checked: a check costs a small request a tenth of its time. */
const ALL_CHECKED = 1_000;
/** Of later requests, each one of so many is checked. */
const SAMPLE = 64;

/** The embedded gateway speaks the filter role, so what it sends to responders is not for a filter. */
const SPEAKS_FILTER = /^Tricorn\b/;

/**
 * The door that warns once if a Web server asks a responder for a path that belongs to a filter, although no folder of files
 * is declared: other Web servers do not speak the filter role, so the filter would silently never run.
 */
export function warnOfUnreachedFilters({ filter, context }: Roles): Door {
  let warned = false;
  let count = 0;
  return (exchange, next) => {
    const { role, params } = exchange;
    count += 1;
    const isChecked = !warned && (count <= ALL_CHECKED || count % SAMPLE === 0);
    if (isChecked && role === Role.Responder && !SPEAKS_FILTER.test(params.get("SERVER_SOFTWARE") ?? "")) {
      const location = locate(params, { mount: context.mount, pathInfo: params.get("PATH_INFO") });
      const path = location.kind === "below" ? normalizePath(location.path) : undefined;
      if (path !== undefined && filter!.transformFor([path]) !== undefined) {
        warned = true;
        logSafely(() => context.log.warn({ code: "ERR_FILTER_UNREACHED" }, WARNING));
        if (context.stderr === "warnings") exchange.warn(`tricorn: ${WARNING}`);
      }
    }
    next(exchange);
  };
}
