import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { pino } from "pino";

import { FastCgiClient } from "../client/index.js";
import { startFailureOf } from "../diagnostics/start-failure.js";
import { DocumentRoot } from "../files/document-root.js";
import { HttpListener } from "../gateway/http-listener.js";
import { RouteTable } from "../gateway/route-table.js";
import { Site } from "../gateway/site.js";
import { Inspector } from "../inspector/index.js";
import { routesOf } from "../paths/routes-of.js";
import type { WorkerFailure } from "../supervisor/reports.js";
import { runtimeOf } from "../supervisor/typescript-runtime.js";
import { Access, TOKEN_PARAMETER } from "./access.js";
import { Changes } from "./changes.js";
import { Front } from "./front.js";
import { PageReload } from "./page-reload.js";
import { Pages } from "./pages.js";
import { chooseProgram } from "./program-choice.js";
import { ProgramRoutes } from "./program-routes.js";
import { ProgramProcess } from "./program-process.js";
import type { ServingProgram } from "./program-state.js";
import type { Reporter } from "./reporter.js";
import { RequestFailures } from "./request-failures.js";
import { bothObservers, RequestLog } from "./request-log.js";
import { Runner, type Stage } from "./runner.js";
import { withSyntaxErrorPlace } from "../supervisor/syntax-error-place.js";
import { typescriptSettings } from "./typescript-settings.js";
import { writeWaitingModule } from "./waiting-module.js";
import { watch, type Watch } from "./watch.js";
import { WatchedFiles } from "./watched-files.js";

/** How long responses that are complete may take to leave when the server stops; ms. */
const CLOSE_LIMIT = 500;

/** Options of {@link Development}. */
export interface DevelopmentOptions {
  /** The program; by default src/main.ts, src/main.js, main.ts or main.js. */
  readonly script?: string | undefined;
  /** Its arguments. */
  readonly args?: readonly string[] | undefined;
  /** The folder of the static files; by default public, or the folder of the program's filter bridge. */
  readonly root?: string | undefined;
  /** Where to listen; by default 127.0.0.1. On an address that others can reach each request needs a token. */
  readonly host?: string | undefined;
  /** 8080 by default. */
  readonly port?: number | undefined;
  /** Further files and folders whose changes restart the program. */
  readonly watch?: readonly string[] | undefined;
  /** Whether pages reload themselves after a change; true by default. */
  readonly reloads?: boolean | undefined;
  readonly reporter: Reporter;
}

/** A Web server for one developer: the embedded gateway before a program that starts again when its files change. */
export class Development implements Stage {
  readonly #options: DevelopmentOptions;
  readonly #script: string;
  readonly #folder: string;
  readonly #files: WatchedFiles;
  readonly #changes = new Changes();
  readonly #failures = new RequestFailures();
  readonly #reload = new PageReload();
  readonly #inspector: Inspector;
  readonly #pages: Pages;
  readonly #front: Front;
  readonly #listener: HttpListener;
  readonly #runner: Runner;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #waitingModule: string;
  readonly #token: string | undefined;
  #watch: Watch | undefined;
  #client: FastCgiClient | undefined;
  #routes: ProgramRoutes | undefined;
  /** Whether the program with the active requests is being replaced. */
  #isReplaced = false;
  /** A process that waits for its turn. */
  #next: ProgramProcess | undefined;
  #programs = 0;
  #url = new URL("http://127.0.0.1");

  /** @throws ConfigurationError `ERR_DEV_PROGRAM`, `ERR_TYPESCRIPT` */
  constructor(options: DevelopmentOptions) {
    this.#options = options;
    this.#script = chooseProgram(options.script);
    const runtime = runtimeOf(this.#script).filter((option) => option !== "--import");
    // Of mode 0700: no other user reaches the socket in it.
    this.#folder = mkdtempSync(join(tmpdir(), "tricorn-dev-"));
    process.once("exit", () => rmSync(this.#folder, { recursive: true, force: true }));
    mkdirSync(this.#emptyRoot);
    this.#waitingModule = writeWaitingModule(this.#folder, { script: this.#script, runtime });
    this.#environment = { ...process.env, ...typescriptSettings(this.#script, this.#folder) };
    this.#token = isLocalAddress(options.host ?? "127.0.0.1")
      ? undefined
      : randomBytes(18).toString("base64url");
    this.#files = new WatchedFiles({
      script: this.#script,
      root: this.#givenRoot,
      more: (options.watch ?? []).map((path) => resolve(path)),
    });
    this.#pages = new Pages({
      reloads: options.reloads ?? true,
      failures: this.#failures,
      isReplaced: () => this.#isReplaced,
      routes: () => this.#routes,
    });
    this.#front = new Front(this.#pages);
    // Each request has passed the access rule below.
    this.#inspector = new Inspector(this.#token === undefined ? {} : { admits: () => true });
    const access = new Access({ token: this.#token, port: () => Number(this.#url.port) });
    this.#listener = new HttpListener((request, response, arrival) => {
      if (!access.admits(request, response)) return;
      if (this.#reload.door(request, response) || this.#inspector.door(request, response)) return;
      this.#failures.begin(request);
      this.#front.take(request, response, arrival);
    });
    this.#runner = new Runner(this, this.#changes);
  }

  /** Where it listens, with the token if there is one. */
  get url(): string {
    return this.#url.href;
  }

  /**
   * Listens, and starts the program. Resolves when its files are watched.
   *
   * @throws ConfigurationError `ERR_DOCUMENT_ROOT`, `ERR_GATEWAY_LISTEN`
   */
  async open(): Promise<void> {
    const { host = "127.0.0.1", port = 8080, reporter } = this.#options;
    await DocumentRoot.open(this.#givenRoot ?? this.#emptyRoot);
    this.#url = new URL(await this.#listener.listen({ host, port }));
    if (this.#token !== undefined) this.#url.searchParams.set(TOKEN_PARAMETER, this.#token);
    const inspector = new URL("/__tricorn", this.#url);
    inspector.search = this.#url.search;
    reporter.listening({ url: this.url, inspector: inspector.href });
    void this.#runner.run();
    this.#watch = await watch(this.#files, {
      restart: (paths) => {
        reporter.changed(paths);
        // A process that waits has read them.
        if (paths.some((path) => path.endsWith(".json"))) this.#dropNext();
        this.#changes.add();
      },
      reload: () => this.#reload.changed(),
      failed: (error) => reporter.watchFailed(error),
    });
  }

  /** Ends streams at once, lets the other requests finish, and ends the program. */
  async stop(): Promise<void> {
    const waitedFor = this.#front.active;
    this.#front.fail({ sentence: "The development server stops", details: [] });
    if (waitedFor.length > 0) this.#options.reporter.waiting(waitedFor);
    this.#reload.close();
    this.#inspector.close();
    this.#dropNext();
    await Promise.all([this.#runner.stop(), this.#watch?.close()]);
    await this.#listener.close(CLOSE_LIMIT);
  }

  /** Kills the program. */
  kill(): void {
    this.#dropNext();
    this.#runner.kill();
  }

  start(): ProgramProcess {
    const waits = this.#next?.state.kind === "starting" ? this.#next : undefined;
    this.#next = undefined;
    const program = waits ?? this.#prepare();
    program.load();
    return program;
  }

  /** Starts a process that loads what every program needs, and then waits. */
  #prepare(): ProgramProcess {
    const { reporter, args = [] } = this.#options;
    this.#programs += 1;
    return new ProgramProcess(
      {
        script: this.#script,
        args,
        waitingModule: this.#waitingModule,
        environment: this.#environment,
        address: `unix:${join(this.#folder, `${this.#programs}.sock`)}`,
      },
      {
        requestFailed: (report) => {
          reporter.requestFailed(report);
          this.#failures.add(report);
        },
        logged: (line) => reporter.logged(line),
        printed: (text) => reporter.printed(text),
      },
    );
  }

  starting(): void {
    this.#reload.isAnswering = false;
    this.#front.hold();
  }

  async serving({ address, application }: ServingProgram, took: number): Promise<void> {
    const { description, mount, filterRoot } = application;
    try {
      const root =
        this.#givenRoot ?? (filterRoot !== undefined && existsSync(filterRoot) ? filterRoot : undefined);
      if (root !== undefined) this.#watch?.addRoot(root);
      // No limit: a developer may have stopped the program in a debugger.
      const client = new FastCgiClient({
        address,
        timeouts: { response: Infinity },
        observe: this.#inspector.client,
      });
      this.#client = client;
      this.#routes = new ProgramRoutes({ description, mount });
      const silent = pino({ level: "silent" });
      this.#front.serve(
        new Site({
          client,
          root: await DocumentRoot.open(root ?? this.#emptyRoot),
          routes: new RouteTable(routesOf(description, { mount })),
          mount,
          unknown: "application",
          authorizerTimeout: Infinity,
          log: silent,
          stderrLog: silent,
          observe: bothObservers(
            this.#inspector.gateway,
            new RequestLog((line) => this.#options.reporter.requested(line)),
          ),
          editor: this.#pages,
        }),
      );
      this.#answering();
      this.#next ??= this.#prepare();
      this.#options.reporter.serving({ script: this.#script, root, took });
    } catch (error) {
      this.failed(startFailureOf(error));
    }
  }

  explained(failure: WorkerFailure): Promise<WorkerFailure> {
    return withSyntaxErrorPlace(failure);
  }

  failed(failure: WorkerFailure): void {
    this.#options.reporter.failed(failure);
    this.#front.fail(failure);
    this.#answering();
    this.#next ??= this.#prepare();
  }

  async finish(limit: number): Promise<void> {
    this.#isReplaced = true;
    await this.#front.finish(limit);
    // What is left fails, and is answered.
    this.#client?.destroy();
    this.#client = undefined;
  }

  #dropNext(): void {
    this.#next?.kill();
    this.#next = undefined;
  }

  #answering(): void {
    this.#isReplaced = false;
    this.#reload.isAnswering = true;
    this.#reload.changed();
  }

  killing(limit: number): void {
    this.#options.reporter.killing(limit);
  }

  /** For programs without static files. */
  get #emptyRoot(): string {
    return join(this.#folder, "empty");
  }

  get #givenRoot(): string | undefined {
    const { root } = this.#options;
    if (root !== undefined) return resolve(root);
    return existsSync("public") ? resolve("public") : undefined;
  }
}

/** Whether only this machine can connect, by a name that needs no token. */
function isLocalAddress(host: string): boolean {
  return host === "localhost" || host === "127.0.0.1" || host === "::1";
}
