import { TricornApplication, compileApplication, type ApplicationPart } from "../application.js";
import { blamingCaller } from "../diagnostics/caller.js";
import { openDispatcher } from "../bridges/open-dispatcher.js";
import type { ListenerOptions } from "../bridges/bridge-options.js";
import { FastCgiClient } from "../client/index.js";
import { refuseUnknownOptions } from "../diagnostics/options.js";
import type { Application } from "../protocol/application-side/application.js";
import { Role } from "../protocol/constants.js";
import { connectInMemory } from "../server/memory-connection.js";
import { Server } from "../server/server.js";
import { TestAnswer } from "./test-answer.js";
import { bodyOf, checkRequest, paramsOf, type TestFile, type TestRequest } from "./test-request.js";

/**
 * An application under test. Requests go through everything except the socket, including records and state machines.
 */
export class TestApplication {
  readonly #application: TricornApplication;
  readonly #server: Server;
  readonly #client: FastCgiClient;

  /** Use {@link testApplication}. */
  constructor(application: TricornApplication, dispatcher: Application) {
    this.#application = application;
    this.#server = new Server(dispatcher, { log: application.log });
    this.#client = new FastCgiClient({ connect: () => connectInMemory(this.#server) });
  }

  /** The client that sends the requests, for what the methods here do not offer. */
  get client(): FastCgiClient {
    return this.#client;
  }

  /** Sends a request in the responder role: `respond("/books?page=2", { headers })`. */
  async respond(target: string, request: TestRequest = {}): Promise<TestAnswer> {
    // oxlint-disable-next-line typescript/unbound-method -- it is looked for on the stack, not called
    blamingCaller(this.respond, () => checkRequest("testRequest", { target, request }));
    const body = await bodyOf(request);
    return this.#collect({
      role: Role.Responder,
      params: paramsOf(target, request, body),
      stdin: body.bytes,
      signal: request.signal,
    });
  }

  /** Sends a request in the authorizer role: `authorize("/members", { cookies })`. */
  async authorize(target: string, request: Omit<TestRequest, "body"> = {}): Promise<TestAnswer> {
    // oxlint-disable-next-line typescript/unbound-method -- it is looked for on the stack, not called
    blamingCaller(this.authorize, () => checkRequest("testRequest", { target, request }));
    const params = paramsOf(target, request, await bodyOf({}));
    // Section 6.3: an authorizer receives no SCRIPT_NAME.
    delete params["SCRIPT_NAME"];
    return this.#collect({ role: Role.Authorizer, params, signal: request.signal });
  }

  /** Sends a file in the filter role: `filter("/notes.txt", { data: "one\ntwo\n" })`. */
  async filter(target: string, file: TestFile): Promise<TestAnswer> {
    // oxlint-disable-next-line typescript/unbound-method -- it is looked for on the stack, not called
    blamingCaller(this.filter, () => checkRequest("testFile", { target, request: file }));
    const data = typeof file.data === "string" ? Buffer.from(file.data) : file.data;
    const lastModified = file.lastModified ?? new Date("2020-01-01T00:00:00Z");
    const body = await bodyOf(file);
    const params = {
      FCGI_DATA_LENGTH: String(data.length),
      FCGI_DATA_LAST_MOD: String(Math.floor(lastModified.getTime() / 1000)),
      ...paramsOf(target, file, body),
    };
    return this.#collect({ role: Role.Filter, params, stdin: body.bytes, data, signal: file.signal });
  }

  /** Closes all connections and runs the stop hooks. */
  async close(): Promise<void> {
    await this.#client.close();
    await this.#server.close();
    await this.#application.stop();
  }

  async #collect(request: Parameters<FastCgiClient["request"]>[0]): Promise<TestAnswer> {
    return TestAnswer.collect(await this.#client.request(request));
  }
}

/**
 * Starts an application for a test.
 *
 * @param options the options of `serve` about the Web server: bridges, and the variables that it vouches for
 * @throws ConfigurationError for every mistake that `serve` would report
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
  options?: ListenerOptions,
): Promise<TestApplication> {
  const started = blamingCaller(testApplication, () => {
    refuseUnknownOptions("testApplication", options);
    return application instanceof TricornApplication ? application : compileApplication(application);
  });
  const dispatcher = await openDispatcher(started.roles, options);
  const running = new TestApplication(started, dispatcher);
  await started.start();
  return running;
}
