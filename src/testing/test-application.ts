import {
  TricornApplication,
  compileApplication,
  type ApplicationChanges,
  type ApplicationPart,
} from "../application.js";
import { openDispatcher } from "../bridges/open-dispatcher.js";
import type { ListenerOptions } from "../bridges/bridge-options.js";
import { FastCgiClient, type ClientRequest } from "../client/index.js";
import { blamingCaller, callerOf, placed } from "../diagnostics/caller.js";
import { refuseUnknownOptions } from "../diagnostics/options.js";
import { logTo } from "../log/default-log.js";
import { redact } from "../log/redact.js";
import { secretFields } from "../log/secrets.js";
import type { Application } from "../protocol/application-side/application.js";
import { roleName } from "../protocol/constants.js";
import { Params } from "../protocol/params.js";
import { connectInMemory } from "../server/memory-connection.js";
import { Server } from "../server/server.js";
import {
  passToAuthorizer,
  passToFilter,
  passToResponder,
  type Behind,
  type PassedRequest,
} from "./behind.js";
import { checkDoubles, containerWith, type Double } from "./doubles.js";
import { RequestLog, type LoggedLine } from "./request-log.js";
import { TestAnswer } from "./test-answer.js";
import {
  bodyOf,
  checkRequest,
  httpRequestOf,
  type AuthorizerTestRequest,
  type TestFile,
  type TestRequest,
} from "./test-request.js";
import type { WebServerName } from "./web-servers/web-servers.js";
import { WirePeer } from "./wire-peer.js";

/** Options of {@link testApplication}. */
export interface TestApplicationOptions extends ListenerOptions {
  /** The Web server that passes requests on; by default they have the params of RFC 3875 and no server's peculiarities. */
  readonly behind?: WebServerName | Behind | undefined;
  /**
   * What is injected in the place of something else: `[[Mailer, fakeMailer], ["Clock", { now }]]`. The application gets a
   * container and singletons of its own; no other container changes.
   */
  readonly doubles?: Iterable<Double> | undefined;
  /**
   * `quiet`, by default: lines of the default log go to `logged` of the answers, and to the messages of assertions. `shown`: the log
   * goes where it goes outside of tests. A log that the application was created with is not touched.
   */
  readonly log?: "quiet" | "shown" | undefined;
}

/** How an application under test runs. */
interface Running {
  readonly application: TricornApplication;
  readonly dispatcher: Application;
  /** Undefined if the application's log is not kept. */
  readonly log?: RequestLog | undefined;
  readonly behind?: WebServerName | Behind | undefined;
}

/**
 * An application under test. Requests go through everything except the socket, including records and state machines.
 */
export class TestApplication {
  readonly #running: Running;
  readonly #server: Server;
  #client: FastCgiClient | undefined;

  /** Use {@link testApplication}. */
  constructor(running: Running) {
    const { application, dispatcher, log } = running;
    this.#running = running;
    this.#server = new Server(log?.around(dispatcher) ?? dispatcher, { log: application.log });
  }

  /** A client of the application, for what the methods here do not offer, such as answers as streams. It keeps its connections. */
  get client(): FastCgiClient {
    return (this.#client ??= new FastCgiClient({ connect: () => connectInMemory(this.#server).stream }));
  }

  /** The latest lines of the application's log; empty if they are shown, or the application has a log of its own. */
  get logged(): readonly LoggedLine[] {
    return this.#running.log?.lines ?? [];
  }

  /** Opens a connection as a Web server, for tests that send and expect single records. */
  connect(): WirePeer {
    return new WirePeer(connectInMemory(this.#server).stream);
  }

  /**
   * Sends a request in the responder role: `respond("/books?page=2", { headers })`.
   *
   * @throws ConfigurationError `ERR_OPTION`, `ERR_TEST_TARGET`, `ERR_TEST_WEB_SERVER`, or `ERR_TEST_NOT_PASSED` if the Web server
   *   answers such a request itself; ClientError, with what was logged, if the answer is incomplete
   */
  async respond(target: string, request: TestRequest = {}): Promise<TestAnswer> {
    // oxlint-disable-next-line typescript/unbound-method -- it is looked for on the stack, not called
    const { respond } = this;
    const caller = callerOf(respond);
    blamingCaller(respond, () => checkRequest("testRequest", { target, request }));
    const body = await bodyOf(request);
    const { behind = this.#running.behind, params, signal } = request;
    const passed = placed(caller, () => passToResponder(httpRequestOf(target, request, body), behind));
    return this.#send(target, { passed, params, stdin: body.bytes, signal });
  }

  /**
   * Sends a request in the authorizer role: `authorize("/members", { cookies })`. nginx asks in the responder role.
   *
   * @throws as {@link respond}
   */
  async authorize(target: string, request: AuthorizerTestRequest = {}): Promise<TestAnswer> {
    // oxlint-disable-next-line typescript/unbound-method -- it is looked for on the stack, not called
    const { authorize } = this;
    const caller = callerOf(authorize);
    blamingCaller(authorize, () => checkRequest("testQuestion", { target, request }));
    const { behind = this.#running.behind, params, signal } = request;
    const body = await bodyOf({});
    const passed = placed(caller, () => passToAuthorizer(httpRequestOf(target, request, body), behind));
    return this.#send(target, { passed, params, signal });
  }

  /**
   * Sends a file in the filter role: `filter("/notes.txt", { data: "one\ntwo\n" })`.
   *
   * @throws as {@link respond}
   */
  async filter(target: string, file: TestFile): Promise<TestAnswer> {
    // oxlint-disable-next-line typescript/unbound-method -- it is looked for on the stack, not called
    blamingCaller(this.filter, () => checkRequest("testFile", { target, request: file }));
    const data = typeof file.data === "string" ? Buffer.from(file.data) : file.data;
    const lastModified = file.lastModified ?? new Date("2020-01-01T00:00:00Z");
    const body = await bodyOf(file);
    const passed = passToFilter(httpRequestOf(target, file, body), { length: data.length, lastModified });
    return this.#send(target, { passed, params: file.params, stdin: body.bytes, data, signal: file.signal });
  }

  /** Closes all connections and runs the stop hooks. */
  async close(): Promise<void> {
    await this.#client?.close();
    await this.#server.close();
    await this.#running.application.stop();
  }

  /** Sends each request on a connection of its own, so that its lines in the log are known. */
  async #send(target: string, { passed, params: further = {}, ...streams }: Outgoing): Promise<TestAnswer> {
    const { log, application } = this.#running;
    const params = withParams(passed.params, further);
    const { stream, id } = connectInMemory(this.#server);
    const client = new FastCgiClient({ connect: () => stream, keepConnection: false });
    const logged = log?.ofConnection(id) ?? [];
    const [path = ""] = target.split("?");
    try {
      return await TestAnswer.collect(client.request({ role: passed.role, params, ...streams }), {
        request: `${roleName(passed.role)} ${Params.from(params).method} ${path}`,
        logged,
        note: passed.note,
        secretFields: new Set(secretFields(application.secrets).map((name) => name.toLowerCase())),
        redact: (text) => redact(text, Params.from(params), application.secrets),
      });
    } finally {
      log?.forget(id);
      client.destroy();
    }
  }
}

/** A request as it is sent. */
interface Outgoing extends Pick<ClientRequest, "stdin" | "data" | "signal"> {
  readonly passed: PassedRequest;
  readonly params: Readonly<Record<string, string>> | undefined;
}

/** The params of the Web server, with those of the test in their places or at the end. */
function withParams(
  passed: PassedRequest["params"],
  further: Readonly<Record<string, string>>,
): PassedRequest["params"] {
  const left = new Map(Object.entries(further));
  const kept = passed.flatMap((pair) => {
    const name = String(pair[0]);
    if (!Object.hasOwn(further, name)) return [pair];
    const value = left.get(name);
    left.delete(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return [...kept, ...left];
}

/**
 * Starts an application for a test.
 *
 * @param options the options of `serve` about the Web server: bridges, and the variables that it vouches for; the Web server in
 *   front, doubles, and whether the log is shown
 * @throws ConfigurationError for every mistake that `serve` would report; `ERR_TEST_DOUBLE` for a double without effect
 *
 * @example
 * ```ts
 * import { Get, Responder } from "tricorn";
 * import { testApplication } from "tricorn/testing";
 *
 * @Responder()
 * class Hello {
 *   @Get("/")
 *   hello() {
 *     return "Hello";
 *   }
 * }
 *
 * const application = await testApplication([Hello]);
 * const { status, text } = await application.respond("/");
 * console.assert(status === 200 && text === "Hello");
 * await application.close();
 * ```
 */
export async function testApplication(
  application: TricornApplication | readonly ApplicationPart[],
  options: TestApplicationOptions = {},
): Promise<TestApplication> {
  const { behind, doubles = [], log: shows = "quiet", ...listener } = options;
  const { compiled, log } = blamingCaller(testApplication, () => {
    refuseUnknownOptions("testApplication", options);
    return compiledForTest(application, { doubles: [...doubles], isQuiet: shows === "quiet" });
  });
  const dispatcher = await openDispatcher(compiled.roles, listener);
  await compiled.start();
  return new TestApplication({ application: compiled, dispatcher, log, behind });
}

/** The application with its doubles, and with a log that is kept instead of its default log. */
function compiledForTest(
  given: TricornApplication | readonly ApplicationPart[],
  { doubles, isQuiet }: { readonly doubles: readonly Double[]; readonly isQuiet: boolean },
): { readonly compiled: TricornApplication; readonly log: RequestLog | undefined } {
  const isCompiled = given instanceof TricornApplication;
  const { secrets, container, ownLog } = isCompiled ? given : NO_OPTIONS;
  const log = isQuiet && ownLog === undefined ? new RequestLog() : undefined;
  const changes = {
    ...(log && { log: logTo(log.write, { secrets }) }),
    ...(doubles.length > 0 && { container: containerWith(doubles, container) }),
  };
  const compiled = isCompiled ? changed(given, changes) : compileApplication(given, changes);
  checkDoubles(doubles, compiled);
  return { compiled, log };
}

function changed(application: TricornApplication, changes: ApplicationChanges): TricornApplication {
  return Object.keys(changes).length === 0 ? application : application.with(changes);
}

/** What a list of controllers says of its application. */
const NO_OPTIONS: Pick<TricornApplication, "secrets" | "container" | "ownLog"> = {
  secrets: [],
  container: undefined,
  ownLog: undefined,
};
