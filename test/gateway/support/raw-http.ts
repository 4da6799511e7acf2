import { connect } from "node:net";

/** How the client continues after its request. */
export interface RawExchangeOptions {
  /** Whether it sends FIN at once and still waits for the answer. */
  readonly halfClose?: boolean;
}

/** Sends these bytes and returns everything received until the connection ends. */
export async function exchanged(
  url: string,
  text: string,
  { halfClose = false }: RawExchangeOptions = {},
): Promise<string> {
  const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1", allowHalfOpen: true });
  if (halfClose) socket.end(text, "latin1");
  else socket.write(text, "latin1");
  let received = "";
  for await (const chunk of socket) received += (chunk as Buffer).toString("latin1");
  socket.destroy();
  return received;
}
