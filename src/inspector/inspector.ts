import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";

import type { ClientObserver } from "../client/index.js";
import { blamingCaller } from "../diagnostics/caller.js";
import { refuseUnknownOptions } from "../diagnostics/options.js";
import type { GatewayDoor, GatewayObserver } from "../gateway/index.js";
import { InspectorDoor } from "./inspector-door.js";
import { defaultInspectorLimits, type InspectorLimits } from "./inspector-limits.js";
import { LiveEvents } from "./live-events.js";
import { Recording } from "./recording.js";
import { requestSummary } from "./request-summary.js";
import { SecretNames } from "./secret-spans.js";

/** Options of `Inspector`. */
export interface InspectorOptions {
  /**
   * Decides who may see the inspector, for a gateway that other machines can reach. By default, only this machine may, as
   * localhost, 127.0.0.1 or [::1].
   */
  readonly admits?: ((request: IncomingMessage) => boolean) | undefined;
  /** Names of params, header fields and properties whose values are masked, in addition to the usual ones. */
  readonly secrets?: readonly string[] | undefined;
  readonly limits?: Partial<InspectorLimits> | undefined;
}

/**
 * Records the requests of a gateway and the records that travel between it and the application, and shows them at `/__tricorn`. For
 * development: it shows what users send. Secrets are masked, but may be in places where no program expects them.
 *
 * ```ts
 * const inspector = new Inspector();
 * const client = new FastCgiClient({ address, observe: inspector.client });
 * const gateway = new Gateway({ application: client, root, routes, observe: inspector.gateway, door: inspector.door });
 * ```
 */
export class Inspector {
  /** For the `observe` of a `FastCgiClient`. */
  readonly client: ClientObserver;
  /** For the `observe` of a `Gateway`. */
  readonly gateway: GatewayObserver;
  /** For the `door` of a `Gateway`. */
  readonly door: GatewayDoor;
  readonly #events: LiveEvents;

  /** @throws ConfigurationError `ERR_OPTION` for an unknown option */
  constructor(options: InspectorOptions = {}) {
    blamingCaller(Inspector, () => refuseUnknownOptions("Inspector", options));
    const { admits, secrets: declared = [] } = options;
    const limits = { ...defaultInspectorLimits, ...options.limits };
    const names = new SecretNames(declared);
    const recording = new Recording(limits, {
      changed: (exchange) => this.#events.changed(exchange),
      dropped: (exchange) => this.#events.dropped(exchange),
    });
    this.#events = new LiveEvents(
      {
        get exchanges() {
          return recording.exchanges;
        },
        summary: (exchange) => requestSummary(exchange, names),
      },
      limits,
    );
    const token = randomBytes(16).toString("hex");
    const door = new InspectorDoor({ recording, events: this.#events, names, declared, token, admits });
    this.client = recording;
    this.gateway = recording;
    this.door = (request, response) => door.answer(request, response);
  }

  /** Ends the events of the pages that are open, for which a gateway that closes would wait. */
  close(): void {
    this.#events.close();
  }
}
