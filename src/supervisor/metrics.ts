import { AggregatorRegistry } from "prom-client";

import { DURATION_BOUNDS, type DurationHistogram } from "./duration-histogram.js";
import type { Observations } from "./observations.js";
import type { Status } from "./status.js";
import type { WorkerStateName } from "./worker-state.js";

/** The upper bounds of the buckets of a histogram, a part of {@link DURATION_BOUNDS}: each is one more series for each route; ms. */
const EXPORTED_BOUNDS: ReadonlySet<number> = new Set([
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000,
]);
const MS = 1_000;
/** All that a running worker can be in. */
const STATES: readonly WorkerStateName[] = ["starting", "prepared", "ready", "leaving", "ending", "killed"];

type Labels = Readonly<Record<string, string | number>>;

/** One line of a metric. */
interface Sample {
  readonly labels: Labels;
  readonly value: number;
  /** For a part of a histogram. */
  readonly metricName?: string;
}

/** A metric as prom-client passes it from one process to another. */
interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly values: readonly Sample[];
  readonly aggregator: "sum";
}

/** The text for Prometheus. */
export interface Metrics {
  readonly type: string;
  readonly body: string;
}

/** Formats what is known of a master, of its workers and of their requests as metrics of Prometheus. */
export async function formatMetrics(status: Status, observations: Observations): Promise<Metrics> {
  const registry = AggregatorRegistry.aggregate([
    [...requestMetrics(observations), ...workerMetrics(status, observations)],
  ]);
  return { type: registry.contentType, body: await registry.metrics() };
}

function requestMetrics({ counts, routes }: Observations): readonly Metric[] {
  return [
    counter(
      "tricorn_requests_total",
      "Requests that have ended.",
      Array.from(counts.series(), ({ role, route, status, durations }) => ({
        labels: { role, route, status },
        value: durations.count,
      })),
    ),
    {
      name: "tricorn_request_duration_seconds",
      help: "Time from complete params to the end of the request.",
      type: "histogram",
      aggregator: "sum",
      values: routes.flatMap(({ role, route, durations }) => histogram({ role, route }, durations)),
    },
    counter(
      "tricorn_decisions_total",
      "Requests by what the authorizers have decided, and by which one did.",
      Array.from(counts.decisions, ([authorizer, { allowed, denied }]) => [
        { labels: { authorizer, decision: "allow" }, value: allowed },
        { labels: { authorizer, decision: "deny" }, value: denied },
      ]).flat(),
    ),
    counter(
      "tricorn_requests_aborted_total",
      "Requests that the Web server aborted, or whose connection was lost.",
      [{ labels: {}, value: counts.aborted }],
    ),
    counter(
      "tricorn_requests_refused_total",
      "Requests that a limit, a rule or a time limit has refused, by the code of the error.",
      byCode(counts.refusals),
    ),
    counter(
      "tricorn_protocol_errors_total",
      "Violations of the protocol by a peer, by the code of the error.",
      byCode(counts.protocolErrors),
    ),
    counter("tricorn_received_bytes_total", "Bytes of request bodies.", [
      { labels: {}, value: counts.bytesIn },
    ]),
    counter("tricorn_sent_bytes_total", "Bytes of the bodies of answers.", [
      { labels: {}, value: counts.bytesOut },
    ]),
  ];
}

function workerMetrics({ workers }: Status, { reloads }: Observations): readonly Metric[] {
  const known = workers.flatMap(({ slot, pid, statistics }) =>
    statistics === undefined ? [] : [{ labels: { slot, pid }, statistics }],
  );
  const active = known.reduce((total, { statistics }) => total + statistics.activeCount, 0);
  return [
    gauge("tricorn_requests_active", "Requests that are being answered.", [{ labels: {}, value: active }]),
    gauge(
      "tricorn_worker_event_loop_lag_seconds",
      "The longest delay of the event loop in the last 15 to 30 s.",
      known.map(({ labels, statistics: { lag = 0 } }) => ({ labels, value: lag / MS })),
    ),
    gauge(
      "tricorn_worker_resident_memory_bytes",
      "Resident memory, which includes Buffers.",
      known.map(({ labels, statistics: { rss } }) => ({ labels, value: rss })),
    ),
    gauge(
      "tricorn_workers",
      "Workers by their state.",
      STATES.map((state) => ({
        labels: { state },
        value: workers.filter((worker) => worker.state === state).length,
      })),
    ),
    counter("tricorn_reloads_total", "Reloads by how they ended.", [
      { labels: { outcome: "ok" }, value: reloads.ok },
      { labels: { outcome: "failed" }, value: reloads.failed },
    ]),
  ];
}

/** The lines of one histogram: each bucket has what the smaller ones have. */
function histogram(labels: Labels, durations: DurationHistogram): readonly Sample[] {
  const name = "tricorn_request_duration_seconds";
  const buckets = DURATION_BOUNDS.filter((bound) => EXPORTED_BOUNDS.has(bound)).map((bound) => ({
    labels: { ...labels, le: bound / MS },
    value: durations.upTo(bound),
    metricName: `${name}_bucket`,
  }));
  return [
    ...buckets,
    { labels: { ...labels, le: "+Inf" }, value: durations.count, metricName: `${name}_bucket` },
    { labels, value: durations.sum / MS, metricName: `${name}_sum` },
    { labels, value: durations.count, metricName: `${name}_count` },
  ];
}

function byCode(counts: ReadonlyMap<string, number>): readonly Sample[] {
  return Array.from(counts, ([code, value]) => ({ labels: { code }, value }));
}

function counter(name: string, help: string, values: readonly Sample[]): Metric {
  return { name, help, type: "counter", values, aggregator: "sum" };
}

function gauge(name: string, help: string, values: readonly Sample[]): Metric {
  return { name, help, type: "gauge", values, aggregator: "sum" };
}
