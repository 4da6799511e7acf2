import { startPeer, type Peer } from "./peers.js";
import type { ServerProcess } from "./server-process.js";

/** The one server of a contender for all its cases. */
export class LongLivedServer {
  readonly #peer: Peer;
  readonly #liveHeap: number | undefined;
  #started: Promise<ServerProcess> | undefined;

  constructor(peer: Peer, liveHeap: number | undefined) {
    this.#peer = peer;
    this.#liveHeap = liveHeap;
  }

  /** Whether it is that of this contender; a contender may have another name in some cases. */
  isOf(peer: Peer, liveHeap: number | undefined): boolean {
    return peer.command === this.#peer.command && liveHeap === this.#liveHeap;
  }

  /** Starts it when it is first needed. */
  start(): Promise<ServerProcess> {
    this.#started ??= startPeer(this.#peer, { counts: true, liveHeap: this.#liveHeap });
    return this.#started;
  }

  /** Stops it if it runs. */
  async stop(): Promise<void> {
    await (await this.#started)?.stop();
  }
}

const servers: LongLivedServer[] = [];

/** The server of a contender, or another one that holds a heap of so many MiB. */
export function longLived(peer: Peer, liveHeap?: number): LongLivedServer {
  const known = servers.find((server) => server.isOf(peer, liveHeap));
  if (known !== undefined) return known;
  const server = new LongLivedServer(peer, liveHeap);
  servers.push(server);
  return server;
}

/** Stops all of them. */
export async function stopLongLived(): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}
