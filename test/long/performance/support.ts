import { pino } from "pino";
import { onTestFinished } from "vitest";

import { createApplication, type ControllerClass } from "../../../src/application.js";
import { openDispatcher } from "../../../src/bridges/open-dispatcher.js";
import { Server } from "../../../src/server/server.js";
import { MemoryTransport } from "../../support/memory-transport.js";

/** A connection that counts how often it is written to: each is a system call where it is a socket. */
export class CountedTransport extends MemoryTransport {
  writes = 0;

  override _write(chunk: Buffer, encoding: BufferEncoding, done: () => void): void {
    this.writes += 1;
    super._write(chunk, encoding, done);
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer; readonly encoding: BufferEncoding }[],
    done: () => void,
  ): void {
    this.writes += 1;
    // What is corked leaves in one call, like that of a socket.
    for (const { chunk, encoding } of chunks) super._write(chunk, encoding, () => undefined);
    done();
  }
}

/** A connection to an application of these controllers, served until the test ends. */
export async function connectTo(controllers: readonly ControllerClass[]): Promise<CountedTransport> {
  const log = pino({ level: "silent" });
  const { roles } = createApplication({ controllers, log });
  const server = new Server(await openDispatcher(roles), { log });
  const transport = new CountedTransport();
  server.accept(transport);
  onTestFinished(async () => {
    transport.destroy();
    await server.close();
  });
  return transport;
}

/** Sends these bytes as one chunk and resolves when so many more requests have been answered. */
export async function exchange(
  transport: CountedTransport,
  bytes: Buffer,
  answers: number,
): Promise<CountedTransport["answers"]> {
  const before = transport.answers.length;
  transport.push(bytes);
  await transport.answered(before + answers);
  return transport.answers.slice(before);
}
