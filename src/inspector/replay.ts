import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";

import type { ExchangeRecording } from "./exchange-recording.js";
import type { Recording } from "./recording.js";
import type { RecordedBody } from "./replay-source.js";

/** Fields about the connection of the first request, not of this one. */
const OF_CONNECTION = new Set(["connection", "expect", "keep-alive", "proxy-connection", "te", "upgrade"]);

/** Where to send a request again, and what. */
export interface ReplayTarget {
  readonly recording: Recording;
  readonly body: Exclude<RecordedBody, { kind: "missing" }>;
  /** Of the gateway. */
  readonly address: string;
  readonly port: number;
}

/**
 * Sends a request again: its method, target, fields and body, through the gateway. Resolves with its new number as soon as it has
 * arrived there; its response is read, and dropped.
 *
 * @throws if the connection fails, or node:http refuses the target or a field
 */
export async function replay(
  exchange: ExchangeRecording,
  { recording, body, address, port }: ReplayTarget,
): Promise<number> {
  const socket = connect({ host: address, port });
  try {
    await once(socket, "connect");
    const { localPort = 0 } = socket;
    socket.once("close", () => recording.forgetReplay(localPort));
    return await new Promise<number>((resolve, reject) => {
      recording.expectReplay(localPort, { of: exchange.number, begun: resolve });
      const request = httpRequest({
        createConnection: () => socket,
        method: exchange.method,
        path: exchange.target,
        headers: fieldsOf(exchange),
        setHost: false,
      });
      request.on("error", reject);
      request.on("response", (response) => response.on("error", reject).resume());
      request.end(body.kind === "whole" ? body.bytes : undefined);
    });
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function fieldsOf({ rawHeaders }: ExchangeRecording): readonly string[] {
  const fields: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (!OF_CONNECTION.has(rawHeaders[at]!.toLowerCase())) fields.push(rawHeaders[at]!, rawHeaders[at + 1]!);
  }
  return [...fields, "Connection", "close"];
}
