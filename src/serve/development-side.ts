import { resolve } from "node:path";

import type { TricornApplication } from "../application.js";
import type { BridgeOptions, ListenerOptions } from "../bridges/bridge-options.js";
import { startFailureOf } from "../diagnostics/start-failure.js";
import { endAsBySignal, ignoreOutputErrors } from "../process/process-end.js";
import type { DevelopmentPlace } from "../process/worker-place.js";
import { observeFailures } from "../roles/failure.js";
import type { Server, ServerOptions } from "../server/server.js";
import { Channel } from "../supervisor/channel.js";
import type { MessageOfProgram, MessageToProgram } from "./development-messages.js";

/** What `serve` does under `tricorn dev`. */
export class DevelopmentSide {
  readonly kind = "development";
  readonly #place: DevelopmentPlace;
  readonly #channel: Channel<MessageOfProgram, MessageToProgram>;
  #server: Server | undefined;
  #isStopping = false;

  constructor(place: DevelopmentPlace) {
    this.#place = place;
    // The development server may end at any time, and with it the readers of this output.
    ignoreOutputErrors();
    this.#channel = new Channel(process, ({ kind }) => {
      if (kind === "stop") this.#stop();
    });
    // The listener alone would keep the process running.
    process.channel?.unref();
    observeFailures((report) => this.#channel.send({ kind: "request failed", report }));
  }

  /** The address on which the development server expects this process. */
  get addresses(): readonly string[] {
    return [this.#place.address];
  }

  /** Listens. */
  listen({ server }: { readonly server: Server }): Promise<void> {
    this.#server = server;
    return server.listen(this.#place.address);
  }

  /** The program serves. */
  ready(application: TricornApplication, bridges: BridgeOptions | undefined): void {
    const { description, roles } = application;
    const root = bridges?.filter?.root;
    this.#channel.send({
      kind: "serving",
      address: this.#server?.address ?? this.#place.address,
      application: {
        description,
        mount: roles.context.mount,
        filterRoot: root === undefined ? undefined : resolve(root),
      },
    });
  }

  /** The program cannot start. Resolves when the development server knows it. */
  failed(error: unknown): Promise<void> {
    return new Promise((resolve) => {
      this.#channel.send({ kind: "failed", failure: startFailureOf(error) }, undefined, resolve);
    });
  }

  /** Closes the server. */
  close(): Promise<void> {
    return this.#server?.close() ?? Promise.resolve();
  }

  #stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    endAsBySignal(this.#server?.close());
  }
}

/**
 * The options of `serve` under `tricorn dev`: its gateway asks the authorizers in their own role, its socket is in a private folder, and
 * it logs each request itself.
 */
export function developmentOptions<
  O extends Partial<ServerOptions> & ListenerOptions & { readonly accessLog?: boolean | undefined },
>(options: O): O {
  const bridges =
    options.bridges?.authorizer?.inProcess === true ? askedByGateway(options.bridges) : options.bridges;
  return { ...options, bridges, socketAccess: undefined, allowedPeers: undefined, accessLog: false };
}

function askedByGateway(bridges: BridgeOptions): BridgeOptions {
  return { ...bridges, authorizer: { ...bridges.authorizer, inProcess: false } };
}
