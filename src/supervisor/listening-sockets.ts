import { lookup } from "node:dns/promises";
import * as net from "node:net";
import { getSystemErrorName } from "node:util";

import { ConfigurationError } from "../errors.js";
import { kindOfDescriptor } from "../process/descriptor.js";
import type { InheritedSocket } from "../process/worker-place.js";
import { formatAddress, parseAddress, type Address, type AddressLike } from "../protocol/address.js";
import type { SocketHandle } from "../server/accepted-socket.js";
import { cannotListen } from "../server/listen-failure.js";
import { giveAccess, givenAccess, type SocketAccess } from "../server/socket-access.js";
import { SocketFile } from "../server/socket-file.js";
import { HiddenSocket } from "../server/unix-socket.js";

/** What node:cluster binds its sockets with: without listening. Not public; Node.js 20 to 26 have it. */
type CreateServerHandle = (address: string, port: number, type: number) => ServerHandle | number;

interface ServerHandle extends SocketHandle {
  /** Of a TCP socket. */
  getsockname?(out: { port?: number }): number;
}

const { _createServerHandle: createServerHandle } = net as unknown as {
  readonly _createServerHandle: CreateServerHandle;
};

/** The port, and the address type, of a unix socket. */
const NO_PORT = -1;

/** A listening socket that the master holds for its workers. It accepts nothing from it. */
interface HeldSocket extends InheritedSocket {
  readonly path: string | undefined;
  /** Closes the master's copy. */
  readonly close: () => void;
  hidden: HiddenSocket | undefined;
  file: SocketFile | undefined;
}

/**
 * The listening sockets of a master. They outlive its workers, which inherit them and call listen(2). A unix socket has its name
 * when a worker listens, and its access before.
 */
export class ListeningSockets {
  readonly #sockets: HeldSocket[] = [];

  /** The sockets for a worker. */
  get inherited(): readonly InheritedSocket[] {
    return this.#sockets.map(({ fd, address }) => ({ fd, address }));
  }

  /** Where they are bound. */
  get addresses(): readonly string[] {
    return this.#sockets.map(({ address }) => address);
  }

  /**
   * Binds one more socket, or takes one that was bound before.
   *
   * @param bound the listening socket of a dead master at this address, if there is one
   * @throws ConfigurationError `ERR_ADDRESS` for an address that cannot be read, `ERR_ADDRESS_IN_USE` for one that is taken,
   * `ERR_LISTEN` for one that the system refuses
   */
  async bind(input: AddressLike, bound?: SocketHandle): Promise<void> {
    const address = parseAddress(input);
    if (bound !== undefined && address.kind !== "fd") {
      this.#sockets.push(taken(address, bound));
      return;
    }
    bound?.close();
    switch (address.kind) {
      case "fd":
        this.#sockets.push(inherit(address));
        return;
      case "unix":
        this.#sockets.push(bindUnix(address));
        return;
      case "tcp":
        this.#sockets.push(await bindTcp(address));
        return;
      default:
        address satisfies never;
    }
  }

  /** Sets who may connect to the unix sockets. */
  giveAccess(access: SocketAccess): void {
    const given = givenAccess(access);
    for (const { hidden, file, path } of this.#sockets) {
      if (hidden !== undefined) hidden.giveAccess(given);
      else if (path !== undefined && file?.isThere === true) giveAccess(path, given);
    }
  }

  /**
   * Gives the unix sockets their names. A worker must listen on them.
   *
   * @throws ConfigurationError `ERR_ADDRESS_IN_USE` for a path on which another process listens
   */
  async name(): Promise<void> {
    for (const socket of this.#sockets) {
      if (socket.hidden === undefined) continue;
      socket.file = await socket.hidden.name();
      socket.hidden.remove();
      socket.hidden = undefined;
    }
  }

  /** Removes the names of the unix sockets, unless another process has put its own socket there. */
  hide(): void {
    for (const socket of this.#sockets) {
      socket.file?.remove();
      socket.file = undefined;
      socket.hidden?.remove();
      socket.hidden = undefined;
    }
  }

  /** Closes all. */
  close(): void {
    this.hide();
    for (const { close } of this.#sockets) close();
    this.#sockets.length = 0;
  }
}

function inherit(address: Address & { readonly kind: "fd" }): HeldSocket {
  if (kindOfDescriptor(address.fd) !== "listening") {
    throw new ConfigurationError(
      "ERR_LISTEN",
      `Cannot listen on ${formatAddress(address)}: the descriptor is not a listening socket`,
    );
  }
  return held(formatAddress(address), { fd: address.fd });
}

function bindUnix(address: Address & { readonly kind: "unix" }): HeldSocket {
  let hidden: HiddenSocket | undefined;
  try {
    hidden = new HiddenSocket(address.path);
    let handle: ServerHandle | number = 0;
    hidden.bind((path) => {
      handle = createServerHandle(path, NO_PORT, NO_PORT);
    });
    const { path } = address;
    return { ...held(formatAddress(address), requireHandle(handle)), path, hidden };
  } catch (error) {
    hidden?.remove();
    throw cannotListen(address, error);
  }
}

async function bindTcp(address: Address & { readonly kind: "tcp" }): Promise<HeldSocket> {
  try {
    const { address: host, family } = await lookup(address.host);
    const handle = requireHandle(createServerHandle(host, address.port, family));
    const bound: { port?: number } = {};
    handle.getsockname?.(bound);
    // libuv reports a taken port only when it listens, but then the socket has no port.
    const { port = 0 } = bound;
    if (port === 0) throw systemError("EADDRINUSE");
    return held(formatAddress({ ...address, host, port }), handle);
  } catch (error) {
    throw cannotListen(address, error);
  }
}

/** A socket that listens already, under its name. */
function taken(address: Exclude<Address, { readonly kind: "fd" }>, handle: SocketHandle): HeldSocket {
  const socket = held(formatAddress(address), handle);
  return address.kind === "unix"
    ? { ...socket, path: address.path, file: SocketFile.at(address.path) }
    : socket;
}

function held(address: string, handle: { readonly fd: number; close?(): void }): HeldSocket {
  const close = (): void => handle.close?.();
  return { fd: handle.fd, address, close, path: undefined, hidden: undefined, file: undefined };
}

function requireHandle(handle: ServerHandle | number): ServerHandle {
  if (typeof handle === "number") throw systemError(getSystemErrorName(handle));
  return handle;
}

function systemError(code: string): Error {
  return Object.assign(new Error(`bind ${code}`), { code });
}
