import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { onTestFinished } from "vitest";

import { Records, type Received } from "../../support/records.js";

/** A record that passed a proxy. */
export interface PassedRecord extends Received {
  readonly direction: "sent" | "received";
}

/** A proxy between a gateway and its application that keeps the records of each connection, in order. */
export interface RecordingProxy {
  readonly port: number;
  readonly connections: readonly (readonly PassedRecord[])[];
}

/** Opens a proxy; it is closed when the test has finished. */
export async function openRecordingProxy(application: string): Promise<RecordingProxy> {
  const connections: PassedRecord[][] = [];
  const sockets: Socket[] = [];
  const [host, port] = application.split(":");
  const server = createServer((socket) => {
    const records: PassedRecord[] = [];
    connections.push(records);
    const onward = connect(Number(port), host);
    sockets.push(socket, onward);
    const keep = (direction: "sent" | "received"): ((chunk: Buffer) => void) => {
      const reader = new Records();
      return (chunk) => {
        for (const record of reader.push(chunk)) records.push({ ...record, direction });
      };
    };
    socket.on("data", keep("sent"));
    onward.on("data", keep("received"));
    socket.pipe(onward).pipe(socket);
    for (const one of [socket, onward]) one.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, connections };
}
