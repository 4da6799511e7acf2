import { EventEmitter, once } from "node:events";
import { chmodSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { singleton, type OnStart, type OnStop } from "tricorn";

/** What happens in the contract application, in words that its tests wait for. */
export type Cue = "waiting" | "aborted" | "pouring" | "stopped" | "go on" | "enough";

/** Where a stage in another process finds the one of the tests: a unix socket. */
export const STAGE_SOCKET = "TRICORN_TEST_STAGE";

/**
 * How the contract application and its test tell each other how far they are. In a process of its own the application
 * finds the stage of its test by the environment, and what is told on one side is heard on both.
 */
@singleton()
export class Stage implements OnStart, OnStop {
  readonly #events = new EventEmitter().setMaxListeners(0);
  readonly #others = new Set<Socket>();
  /** Whoever of them told something last. */
  #speaker: Socket | undefined;
  #server: Server | undefined;

  async onStart(): Promise<void> {
    const path = process.env[STAGE_SOCKET];
    if (path === undefined) return;
    const socket = connect(path);
    await once(socket, "connect");
    this.#join(socket);
    // The Web server decides how long the process lives.
    socket.unref();
  }

  onStop(): void {
    for (const socket of this.#others) socket.end();
  }

  /** Lets applications in other processes take part. */
  async open(path: string): Promise<void> {
    this.#server = createServer((socket) => this.#join(socket)).listen(path);
    await once(this.#server, "listening");
    // A program that a Web server starts may run as somebody else.
    chmodSync(path, 0o666);
  }

  close(): void {
    this.#server?.close();
    for (const socket of this.#others) socket.destroy();
  }

  tell(cue: Cue): void {
    for (const socket of this.#others) socket.write(`${cue}\n`);
    this.#events.emit(cue);
  }

  /** Resolves at the next time that this is told. */
  async when(cue: Cue): Promise<void> {
    await once(this.#events, cue);
  }

  /** Resolves when the process has ended that told something last. */
  async speakerLeft(): Promise<void> {
    const speaker = this.#speaker;
    if (speaker !== undefined && this.#others.has(speaker)) await once(speaker, "close");
  }

  #join(socket: Socket): void {
    this.#others.add(socket);
    socket.on("close", () => this.#others.delete(socket));
    // A process that is killed leaves its connection broken; the interface tells of it, too.
    socket.on("error", () => {});
    const lines = createInterface(socket).on("error", () => {});
    lines.on("line", (cue) => {
      this.#speaker = socket;
      this.#events.emit(cue);
    });
  }
}
