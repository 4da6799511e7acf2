import { Role } from "tricorn";
import { FastCgiClient } from "tricorn/client";
import { expect } from "vitest";

import { GateProcess } from "./gate-process.js";
import { Behind, Gate } from "./gate.js";
import { serveApplication, type ApplicationOptions, type ServedApplication } from "./served-application.js";

/** How long the gate may take for a decision; ms. */
const LIMIT = 100;

/** Enough for a test to do something while the gate decides; ms. */
const LONG = 20_000;

/** How the gate is served. */
export type PostOptions = Pick<ApplicationOptions, "mount" | "serving">;

/** The address where a Web server finds the gate. Others may stand there for a while, and it may be empty. */
export class GatePost {
  /** `127.0.0.1:9000`, or the path of a unix socket. */
  readonly address: string;
  readonly #options: PostOptions;
  #application: ServedApplication | undefined;
  #process: GateProcess | undefined;
  #client: FastCgiClient | undefined;

  private constructor(address: string, options: PostOptions) {
    this.address = address;
    this.#options = options;
  }

  static async open(address: string, options: PostOptions): Promise<GatePost> {
    const post = new GatePost(address, options);
    await post.occupy({ timeouts: { authorizer: LIMIT } });
    return post;
  }

  /** Whoever serves at the address in this process. */
  get application(): ServedApplication {
    if (this.#application === undefined) throw new Error("Nobody is at the gate");
    return this.#application;
  }

  /** Nobody listens any more. */
  async vacate(): Promise<void> {
    this.#client?.destroy();
    await this.#application?.close();
    await this.#process?.stop();
    this.#client = this.#application = this.#process = undefined;
  }

  /** An application serves in the place of whoever did. */
  async occupy(options: ApplicationOptions): Promise<ServedApplication> {
    await this.vacate();
    this.#application = await serveApplication({
      address: this.address,
      controllers: [Gate, Behind],
      ...this.#options,
      ...options,
      serving: { ...this.#options.serving, ...options.serving },
    });
    return this.#application;
  }

  /** An application without authorizer. */
  async occupyWithoutGate(): Promise<void> {
    await this.occupy({ controllers: [Behind] });
  }

  /** A gate that has all the time of a test. */
  occupyPatiently(): Promise<ServedApplication> {
    return this.occupy({ timeouts: { authorizer: LONG } });
  }

  /** A gate that takes one request at a time, and is busy with one. */
  async occupyAndKeepBusy(): Promise<void> {
    const { log } = await this.occupy({
      timeouts: { authorizer: LONG },
      serving: { limits: { requests: 1 } },
    });
    this.#client = new FastCgiClient({ address: this.address });
    const { mount = "" } = this.#options;
    const params = { REQUEST_METHOD: "GET", REQUEST_URI: `${mount}/members/vault?mode=hang` };
    this.#client.request({ role: Role.Authorizer, params }).catch(() => {});
    await decides(log);
  }

  /** A gate in a process of its own. */
  async occupyByProcess(): Promise<GateProcess> {
    await this.vacate();
    return (this.#process = await GateProcess.start(this.address));
  }

  /** The gate is back. */
  async restore(): Promise<void> {
    await this.occupy({ timeouts: { authorizer: LIMIT } });
  }
}

/** Waits until the gate says that it is deciding for ever. */
export async function decides(log: ServedApplication["log"]): Promise<void> {
  await expect.poll(() => log.some(({ msg }) => msg.startsWith("Deciding for ever"))).toBe(true);
}
