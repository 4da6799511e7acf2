// The only file of this folder that uses private members of Node.js. Tried with Node.js 20.19, 22, 24 and 26; a runtime
// that lacks them, as Bun 1.4 and Deno 2.9 do, accepts plain sockets, which emit `data`.
import { channel } from "node:diagnostics_channel";
import { writeSync, writevSync } from "node:fs";
import { Socket, type Server } from "node:net";

/** Bytes that are read at once. */
const READ_SIZE = 64 * 1024;

const serverSockets = channel("net.server.socket");

/** What is read from every accepted socket, valid until its receiver returns. */
const readBuffer = Buffer.allocUnsafeSlow(READ_SIZE);

/** A socket as Node.js passes it between processes by process.send, which leaves it open in this one. */
export interface SocketHandle {
  readonly fd: number;
  close(): void;
}

/** The system's socket, as libuv has it. */
interface Handle extends Partial<SocketHandle> {
  onconnection?: (this: unknown, status: number, client: Handle | undefined) => void;
  setNoDelay?(on: boolean): void;
  setKeepAlive?(on: boolean, seconds: number): void;
  useUserBuffer?(buffer: Uint8Array): void;
  /** Of a TCP socket. */
  reset?(closed: () => void): number;
}

/** How {@link acceptInto} makes sockets. */
export interface AcceptOptions {
  /** Silence after which TCP keep-alive probes a peer; ms. */
  readonly keepAliveDelay: number;
  /** Receives each socket. */
  readonly accepted: (socket: AcceptedSocket) => void;
}

/**
 * A socket that is read into one buffer of the process, and written to without a copy or an object of its own as far as the
 * kernel takes the bytes at once. Each read of node:net takes new memory outside of the heap instead.
 */
export class AcceptedSocket extends Socket {
  readonly #handle: Handle;
  /** Called with what was read, which is valid until it returns. */
  receiver: ((chunk: Buffer) => void) | undefined;

  /** @throws if the runtime cannot read into a buffer */
  constructor(handle: Handle, { pauseOnCreate = false } = {}) {
    if (typeof handle.useUserBuffer !== "function") throw new TypeError("Cannot read into a buffer");
    const target: { socket?: AcceptedSocket } = {};
    const onread = {
      buffer: readBuffer,
      callback(bytes: number): boolean {
        target.socket?.receiver?.(readBuffer.subarray(0, bytes));
        return true;
      },
    };
    // Half-open: a Web server may close its side when it has sent everything and still wants the answer.
    super({ handle, onread, allowHalfOpen: true, readable: true, writable: true, pauseOnCreate } as object);
    target.socket = this;
    this.#handle = handle;
  }

  /** A socket that another process has accepted; paused. */
  static adopt(handle: SocketHandle): AcceptedSocket {
    return new AcceptedSocket(handle, { pauseOnCreate: true });
  }

  /** What another process can read in place of this one, while this one is paused; undefined if it is closed. */
  get handle(): SocketHandle | undefined {
    return this.destroyed ? undefined : (this.#handle as SocketHandle);
  }

  /**
   * Closes a TCP connection with a reset, which its peer sees as an error; a unix socket knows none, and is only closed.
   * `resetAndDestroy` of Node.js would send the end of the stream before it.
   */
  reset(): void {
    Object.assign(this, { resetAndClosing: typeof this.#handle.reset === "function" });
    this.destroy();
  }

  /**
   * Writes what the kernel takes at once; never waits.
   *
   * @returns how many bytes; 0 also after an error, which {@link write} then reports
   */
  writeNow(buffers: readonly Uint8Array[]): number {
    const { fd } = this.#handle;
    // Bytes must not overtake those that wait.
    if (fd === undefined || fd < 0 || this.destroyed || this.writableLength > 0) return 0;
    try {
      return buffers.length === 1 ? writeSync(fd, buffers[0]!) : writevSync(fd, buffers);
    } catch {
      // Mostly EAGAIN: the peer reads more slowly.
      return 0;
    }
  }
}

/** The handle of a listening server; undefined if it does not listen. */
export function handleOf(server: Server): SocketHandle | undefined {
  return (server as unknown as { readonly _handle?: SocketHandle | null })._handle ?? undefined;
}

/** Makes a listening server pass on its connections as sockets of this kind, if the runtime can do that. */
export function acceptInto(server: Server, { accepted, keepAliveDelay }: AcceptOptions): void {
  const listening = (server as unknown as { readonly _handle?: Handle | null })._handle;
  const original = listening?.onconnection;
  if (listening === undefined || listening === null || typeof original !== "function") return;
  listening.onconnection = function (status, client) {
    if (status !== 0 || typeof client?.useUserBuffer !== "function") {
      original.call(this, status, client);
      return;
    }
    client.setNoDelay?.(true);
    client.setKeepAlive?.(true, keepAliveDelay / 1_000);
    const socket = new AcceptedSocket(client);
    // As node:net does: tools that count connections subscribe to it.
    if (serverSockets.hasSubscribers) serverSockets.publish({ socket });
    accepted(socket);
  };
}
