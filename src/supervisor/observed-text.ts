import { oneLine } from "../log/redact.js";
import { factLine, formatSeconds } from "./fact-line.js";
import type { ObservedStatus, RouteReport, SlowRequest } from "./observed-status.js";

/** Routes that the text lists. */
const MOST_ROUTES = 20;
/** The columns of numbers before a route. */
const COLUMNS = ["requests", "failed", "p50 ms", "p99 ms"] as const;
const WIDTH = 10;
const MIB = 1024 * 1024;

/** Formats what is known of requests, a line for each fact; without a status page that is nothing. */
export function formatObserved(observed: ObservedStatus | undefined): readonly string[] {
  if (observed === undefined)
    return [factLine("routes", "not counted; tricorn serve --status-listen counts them, with their time")];
  const { totals, lastMinute, refusals, routes, slow } = observed;
  const counted = (total: number, recent: number): string => {
    const rate = lastMinute.seconds === 0 ? 0 : recent / lastMinute.seconds;
    return `${total}, ${rate.toFixed(1)}/s`;
  };
  const { p50, p99, lag } = lastMinute;
  const took =
    p50 === null || p99 === null ? "" : `, p50 ${milliseconds(p50)} ms, p99 ${milliseconds(p99)} ms`;
  const why = Object.entries(refusals).map(([code, count]) => `${oneLine(code)} ${count}`);
  return [
    factLine("last minute", `${lastMinute.requests} answered${took}, event-loop delay ${lag} ms at most`),
    factLine("answered", counted(totals.requests, lastMinute.requests)),
    factLine("failed", counted(totals.failed, lastMinute.failed)),
    factLine("aborted", totals.aborted),
    factLine("refused", [counted(totals.refused, lastMinute.refused), ...why].join(", ")),
    factLine("decisions", `${totals.allowed} allowed, ${totals.denied} denied`),
    factLine("violations", `${totals.protocolErrors} of the protocol`),
    factLine("bytes", `${mebibytes(totals.bytesIn)} in, ${mebibytes(totals.bytesOut)} out`),
    ...(routes.length === 0
      ? []
      : [factLine("routes", COLUMNS.map((name) => name.padStart(WIDTH)).join(""))]),
    ...routes.slice(0, MOST_ROUTES).map((route) => factLine("", formatRoute(route))),
    ...(routes.length > MOST_ROUTES ? [factLine("", `and ${routes.length - MOST_ROUTES} more`)] : []),
    ...slow.map((request, index) => factLine(index === 0 ? "slow" : "", formatSlow(request))),
  ];
}

function formatRoute({ role, route, requests, failed, p50, p99 }: RouteReport): string {
  const numbers = [requests, failed, milliseconds(p50), milliseconds(p99)];
  const columns = numbers.map((number) => String(number).padStart(WIDTH)).join("");
  return `${columns}  ${oneLine(`${role} ${route === "" ? "without a route" : route}`)}`;
}

function formatSlow({
  duration,
  role,
  method,
  path,
  status,
  worker,
  startedAt,
  standsAt,
}: SlowRequest): string {
  const what = `${formatSeconds(duration)} ${role} ${method} ${path} ${status ?? "no status"}`;
  const where = standsAt === undefined ? "" : `, at ${standsAt}`;
  return oneLine(`${what}, pid ${worker}, ${new Date(startedAt).toISOString()}${where}`);
}

function milliseconds(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : ms.toFixed(0);
}

function mebibytes(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
