import { FastCgiClient } from "tricorn/client";
import { Role } from "tricorn/protocol";
import { expect } from "vitest";

import { ScgiPeer, scgiRequest } from "../scgi-peer.js";
import { GateProcess } from "./gate-process.js";
import { Behind, MembersGate } from "./gate.js";
import { decisionLimits, type Guard } from "./guard.js";
import { serveApplication, type ApplicationOptions, type ServedApplication } from "./served-application.js";

/** The place where a Web server looks for the gate, and finds others for a while. */
export interface Post {
  /** Resolves when whoever was there has left. A Web server may need a while to notice. */
  place(guard: Guard): Promise<void>;
  /** Resolves when so many questions are being decided about for ever. */
  decides(questions: number): Promise<void>;
  /** Kills who decides; only for a guard that is a process. */
  kill(): Promise<void>;
  /** Asks who decides to end, as SIGTERM does. */
  shutDown(): Promise<void>;
}

/** How the gate is served. */
export type PostOptions = Pick<ApplicationOptions, "mount" | "serving">;

/** An address at which the tests themselves serve. */
export class GatePost implements Post {
  /** `127.0.0.1:9000`, or the path of a unix socket. */
  readonly address: string;
  readonly #options: PostOptions;
  #application: ServedApplication | undefined;
  #process: GateProcess | undefined;
  #client: FastCgiClient | undefined;

  constructor(address: string, options: PostOptions) {
    this.address = address;
    this.#options = options;
  }

  async place(guard: Guard): Promise<void> {
    this.#client?.destroy();
    await this.#application?.close();
    await this.#process?.stop();
    this.#client = this.#application = this.#process = undefined;
    if (guard === "gone") return;
    if (guard === "process") {
      this.#process = await GateProcess.start(this.address, this.#options);
      return;
    }
    const { mount, serving } = this.#options;
    this.#application = await serveApplication({
      address: this.address,
      controllers: guard === "none" ? [Behind] : [MembersGate, Behind],
      mount,
      timeouts: { authorizer: decisionLimits[guard] },
      serving: { ...serving, ...(guard === "busy" && { limits: { requests: 1 } }) },
    });
    if (guard === "busy") await this.#keepBusy();
  }

  async decides(questions: number): Promise<void> {
    if (this.#process !== undefined) return this.#process.decides(questions);
    const log = this.#application?.log ?? [];
    const decisions = (): number => log.filter(({ msg }) => msg.startsWith("Deciding for ever")).length;
    await expect.poll(decisions).toBeGreaterThanOrEqual(questions);
  }

  async kill(): Promise<void> {
    await this.#process?.stop();
  }

  async shutDown(): Promise<void> {
    await this.#application?.close();
  }

  async #keepBusy(): Promise<void> {
    const target = `${this.#options.mount ?? ""}/members/vault?mode=hang`;
    if (this.address.startsWith("scgi:")) {
      const peer = await ScgiPeer.connect(this.address);
      peer.send(scgiRequest(target, { params: { TRICORN_BRIDGE: "auth_request" } }));
    } else {
      this.#client = new FastCgiClient({ address: this.address });
      const params = { REQUEST_METHOD: "GET", REQUEST_URI: target };
      this.#client.request({ role: Role.Authorizer, params }).catch(() => {});
    }
    await this.decides(1);
  }
}
