import { expect, test } from "vitest";

import type { AdapterOptions } from "../../src/adapters/catch-all.js";
import type { FetchHandlerOptions } from "../../src/adapters/fetch-handler.js";
import type { ApplicationOptions } from "../../src/application.js";
import type { MultipartLimits } from "../../src/body/multipart.js";
import type {
  ClientLimits,
  ClientOptions,
  ClientRequest,
  ClientTimeouts,
  CollectOptions,
} from "../../src/client/index.js";
import type { BodyOptions } from "../../src/decorators/bind.js";
import type { AuthorizerOptions, FilterOptions, ScopeOptions } from "../../src/decorators/role.js";
import type { RouteOptions } from "../../src/decorators/route.js";
import type { GatewayOptions, GatewayRoutes, GatewayTimeouts, PhpOptions } from "../../src/gateway/index.js";
import type { InspectorLimits, InspectorOptions } from "../../src/inspector/index.js";
import { refuseUnknownOptions } from "../../src/diagnostics/options.js";
import type { HandlerTimeouts } from "../../src/roles/roles.js";
import { defaultHeadLimits, type HeadLimits } from "../../src/http/head.js";
import type { SendfileOptions } from "../../src/roles/sendfile.js";
import type { ServeOptions } from "../../src/serve/serve.js";
import { defaultServerLimits, defaultServerTimeouts } from "../../src/server/options.js";
import type {
  AuthorizerTestRequest,
  Behind,
  TestApplicationOptions,
  TestFile,
  TestRequest,
} from "../../src/testing/index.js";

/** The compiler asks for each option here, so that one that is added is not refused. */
type Every<T> = { [K in keyof Required<T>]: unknown };

test("every option that serve and createApplication have is known", () => {
  const timeouts: Every<HandlerTimeouts> = { handler: 1, authorizer: 1 };
  const limits: Every<HeadLimits> = defaultHeadLimits;
  const ofApplication: Every<ApplicationOptions> = {
    controllers: [],
    definitions: [],
    middleware: [],
    log: 1,
    stderr: 1,
    container: 1,
    mount: 1,
    timeouts,
    limits,
    secrets: [],
  };
  const ofServe: Every<ServeOptions> = {
    signals: true,
    accessLog: true,
    slowLog: 1000,
    bridges: {},
    vouchesFor: [],
    log: 1,
    allowedPeers: [],
    socketAccess: {},
    timeouts: defaultServerTimeouts,
    limits: defaultServerLimits,
  };
  expect(() => refuseUnknownOptions("createApplication", ofApplication)).not.toThrow();
  expect(() => refuseUnknownOptions("serve", ofServe)).not.toThrow();
});

test("every option that the other functions have is known", () => {
  const clientTimeouts: Every<ClientTimeouts> = { connect: 1, response: 1, abort: 1, idle: 1 };
  const clientLimits: Every<ClientLimits> = {
    headerBytes: 1,
    headerCount: 1,
    bufferedPerRequest: 1,
    bufferedPerConnection: 1,
    stderrBytes: 1,
  };
  const client: Every<ClientOptions> = {
    address: 1,
    connect: 1,
    keepConnection: 1,
    maxConnections: 1,
    multiplex: 1,
    requestsPerConnection: 1,
    timeouts: clientTimeouts,
    limits: clientLimits,
    observe: 1,
  };
  const clientRequest: Every<ClientRequest> = {
    role: 1,
    params: 1,
    stdin: 1,
    data: 1,
    signal: 1,
    timeout: 1,
    raw: 1,
  };
  const collect: Every<CollectOptions> = { limit: 1 };
  const body: Every<BodyOptions> = { limit: 1 };
  const multipart: Every<MultipartLimits> = {
    bytes: 1,
    parts: 1,
    partBytes: 1,
    nameBytes: 1,
    headerPairs: 1,
  };
  const gatewayTimeouts: Every<GatewayTimeouts> = { authorizer: 1, close: 1 };
  const gateway: Every<GatewayOptions> = {
    application: 1,
    root: 1,
    routes: 1,
    unknown: 1,
    php: 1,
    mount: 1,
    host: 1,
    port: 1,
    timeouts: gatewayTimeouts,
    door: 1,
    log: 1,
    observe: 1,
  };
  const inspectorLimits: Every<InspectorLimits> = {
    requests: 1,
    bytes: 1,
    records: 1,
    streamBytes: 1,
    pages: 1,
    waitingEventBytes: 1,
  };
  const inspector: Every<InspectorOptions> = { admits: 1, secrets: 1, limits: inspectorLimits };
  const routes: Every<GatewayRoutes> = { protect: 1, filter: 1, respond: 1 };
  const php: Every<PhpOptions> = { frontController: 1, root: 1, collectedBytes: 1 };
  const testing: Every<TestApplicationOptions> = { bridges: 1, vouchesFor: 1, behind: 1, doubles: 1, log: 1 };
  const question: Every<AuthorizerTestRequest> = {
    method: 1,
    headers: 1,
    cookies: 1,
    scheme: 1,
    behind: 1,
    params: 1,
    signal: 1,
  };
  const request: Every<TestRequest> = { ...question, body: 1 };
  const { behind: _, ...withoutServer } = request;
  const file: Every<TestFile> = { ...withoutServer, data: 1, lastModified: 1 };
  const behind: Every<Behind> = { server: 1, mount: 1, passesAuthorization: 1 };
  const scope: Every<ScopeOptions> = { scope: 1 };
  const authorizer: Every<AuthorizerOptions> = { ...scope, paths: 1, variables: 1 };
  const filter: Every<FilterOptions> = { ...scope, type: 1, version: 1 };
  const route: Every<RouteOptions> = { type: 1, status: 1, streams: 1 };
  const adapter: Every<AdapterOptions> = { path: 1, name: 1, streams: 1 };
  const fetch: Every<FetchHandlerOptions> = { ...adapter, bodyBytes: 1 };
  const sendfile: Every<SendfileOptions> = { via: 1, root: 1, decoded: 1 };
  const all = [
    ["FastCgiClient", client],
    ["Gateway", gateway],
    ["Inspector", inspector],
    ["Gateway.routes", routes],
    ["Gateway.php", php],
    ["FastCgiClient.request", clientRequest],
    ["ClientResponse.bytes", collect],
    ["@Body", body],
    ["@Body.multipart", multipart],
    ["testApplication", testing],
    ["testRequest", request],
    ["testQuestion", question],
    ["behind", behind],
    ["testFile", file],
    ["@Responder", scope],
    ["@Authorizer", authorizer],
    ["@Filter", filter],
    ["route", route],
    ["nodeListener", adapter],
    ["fetchHandler", fetch],
    ["sendfile", sendfile],
  ] as const;
  for (const [taker, options] of all) expect(() => refuseUnknownOptions(taker, options)).not.toThrow();
});

test.each([
  ["serve", { mount: "/app" }, "write createApplication({ mount })"],
  ["serve", { limits: { headBytes: 1 } }, "write createApplication({ limits: { headBytes } })"],
  ["createApplication", { bridges: {} }, "write serve(application, address, { bridges })"],
  [
    "createApplication",
    { timeouts: { idle: 1 } },
    "write serve(application, address, { timeouts: { idle } })",
  ],
  ["createApplication", { handler: 1 }, "write createApplication({ timeouts: { handler } })"],
  ["serve", { vouchFor: [] }, "did you mean vouchesFor?"],
  ["testApplication", { vouchFor: [] }, "did you mean vouchesFor?"],
  ["testApplication", { mount: "/app" }, "write createApplication({ mount })"],
  ["testRequest", { header: {} }, "did you mean headers?"],
  ["testFile", { date: "" }, "did you mean data?"],
  ["Gateway", { timeouts: { idle: 1 } }, "it has application, root, routes, "],
  ["FastCgiClient", { idle: 1 }, "write new FastCgiClient({ timeouts: { idle } })"],
  ["@Authorizer", { path: "/**" }, "did you mean paths?"],
  [
    "FastCgiClient.request",
    { params: {}, body: "x" },
    "it has role, params, stdin, data, signal, timeout, raw",
  ],
  ["FastCgiClient.request", { param: {} }, "did you mean params?"],
  ["@Body", { limits: 1 }, "did you mean limit?"],
  ["@Body", { parts: 1 }, "write @Body.multipart({ parts })"],
  ["serve", { onListening: 1 }, "it has signals, bridges, vouchesFor, log, "],
] as const)("%s refuses %j and suggests the correct name", (taker, options, cure) => {
  expect(() => refuseUnknownOptions(taker, options)).toThrow(cure);
});
