import type { SocketAccess } from "../server/socket-access.js";
import type { Identity } from "./identity.js";
import type { ListeningSockets } from "./listening-sockets.js";

/** Who may connect to the unix sockets of a master: whom the program in its workers names. */
export class GrantedAccess {
  readonly #sockets: ListeningSockets;
  readonly #identity: Identity | undefined;
  #access: SocketAccess = {};
  #areNamed = false;

  /** @param identity who the workers are, if the master is root */
  constructor(sockets: ListeningSockets, identity: Identity | undefined) {
    this.#sockets = sockets;
    this.#identity = identity;
  }

  /** What was granted last. */
  get access(): SocketAccess {
    return this.#access;
  }

  /** The sockets have their names from now on. */
  named(): void {
    this.#areNamed = true;
  }

  /**
   * Grants what a worker asks for.
   *
   * @throws if the system does not allow it
   */
  grant(asked: SocketAccess): void {
    const identity = this.#identity;
    // The folder of a socket may belong to the workers' user, who could put a link there for root to follow.
    if (identity !== undefined && this.#areNamed) return;
    const { owner = identity?.uid, group = identity?.gid } = asked;
    this.#access = { ...asked, owner, group };
    this.#sockets.giveAccess(this.#access);
  }
}
