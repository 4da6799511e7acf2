// Makes an OpenTelemetry span of each request, and exports it by OTLP. Subscribes only to channels of node:diagnostics_channel.
import { AsyncLocalStorage } from "node:async_hooks";
import { channel, subscribe } from "node:diagnostics_channel";
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  context,
  trace,
  type Context,
  type Span,
} from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { defaultResource, detectResources, envDetector } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { singleton, type OnStop, type RequestEvent } from "tricorn";

/** OpenTelemetry's context manager with a store that a channel can bind: its own one is private. */
class BindableContexts extends AsyncLocalStorageContextManager {
  readonly store = new AsyncLocalStorage<Context>();

  override active(): Context {
    return this.store.getStore() ?? ROOT_CONTEXT;
  }

  override with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    entered: Context,
    call: F,
    self?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.store.run(entered, () => call.apply(self, args));
  }
}

const contexts = new BindableContexts();
context.setGlobalContextManager(contexts);

/** Reads OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_ENDPOINT, by default http://localhost:4318. */
const provider = new TracerProvider({
  resource: defaultResource().merge(detectResources({ detectors: [envDetector] })),
  spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
});
trace.setGlobalTracerProvider(provider);

/** The application's tracer. Inject it somewhere, so that the last spans are exported before the process ends. */
@singleton()
export class Tracing implements OnStop {
  /** Calls a function within a span, which is a child of that of the request. */
  async span<T>(name: string, call: (span: Span) => Promise<T>): Promise<T> {
    return await trace.getTracer("application").startActiveSpan(name, async (span) => {
      try {
        return await call(span);
      } catch (error) {
        span.recordException(error as Error);
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
  }

  async onStop(): Promise<void> {
    // Without a collector the application ends all the same.
    await provider.shutdown().catch((error: unknown) => console.warn("Lost the last spans:", error));
  }
}

const tracer = trace.getTracer("tricorn");
const spans = new WeakMap<RequestEvent, Span>();

/** The span that has sent `traceparent`, otherwise none. */
function parentOf({ trace: from }: RequestEvent): Context {
  if (from === undefined) return ROOT_CONTEXT;
  const traceFlags = from.isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  const { traceId, parentId: spanId } = from;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

/** Other methods are a client's inventions, of which there may be any number. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY", "TRACE"]);

// The store that is bound to the start is the context of the handler.
channel("tricorn.request.start").bindStore(contexts.store, (message) => {
  const request = message as RequestEvent;
  const isKnown = METHODS.has(request.method);
  const attributes = {
    "http.request.method": isKnown ? request.method : "_OTHER",
    ...(!isKnown && { "http.request.method_original": request.method }),
    "url.path": request.path,
    "url.scheme": request.scheme,
    "tricorn.request.id": request.id,
    "tricorn.role": request.role,
  };
  const parent = parentOf(request);
  const name = isKnown ? request.method : "HTTP";
  const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
  spans.set(request, span);
  return trace.setSpan(parent, span);
});

subscribe("tricorn.request.decision", (message) => {
  const { decision, authorizer = "" } = message as RequestEvent;
  spans
    .get(message as RequestEvent)
    ?.setAttributes({ "tricorn.decision": decision, "tricorn.authorizer": authorizer });
});

subscribe("tricorn.request.error", (message) => {
  const { error } = message as RequestEvent;
  spans.get(message as RequestEvent)?.recordException(error instanceof Error ? error : String(error));
});

subscribe("tricorn.request.end", (message) => {
  const request = message as RequestEvent;
  const span = spans.get(request);
  if (span === undefined) return;
  const { role, route, status, error, aborted, refused, isBrokenOff } = request;
  if (route !== undefined) {
    // The route of a responder is "GET /books/:id", that of the other roles the name of a class.
    span.updateName(role === "responder" ? route : `${role} ${route}`);
    if (role === "responder") span.setAttribute("http.route", route.slice(route.indexOf(" ") + 1));
  }
  if (status !== undefined) span.setAttribute("http.response.status_code", status);
  const isFailed = isBrokenOff || (status !== undefined && status >= 500);
  const name = error instanceof Error ? error.name : undefined;
  if (isFailed) span.setAttribute("error.type", refused ?? name ?? aborted?.code ?? String(status));
  else if (aborted !== undefined) span.setAttribute("error.type", aborted.code);
  // To a server a status of 4xx, and a client that leaves, are no errors.
  if (isFailed) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
});
