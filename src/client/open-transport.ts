import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";

import { ConfigurationError } from "../errors.js";
import { formatAddress, parseAddress } from "../protocol/address.js";
import { after } from "./after.js";
import { ClientError } from "./client-error.js";
import type { ClientOptions } from "./client-options.js";

/** Opens a connection; rejects with a {@link ClientError} `ERR_CLIENT_CONNECT` or `ERR_CLIENT_TIMEOUT`. */
export type Connector = () => Promise<Duplex>;

/**
 * Prepares a function that connects within `timeout` milliseconds.
 *
 * @throws ConfigurationError `ERR_ADDRESS` for an address that only a server can use
 */
export function connectorOf(options: ClientOptions, timeout: number): Connector {
  if (options.connect !== undefined) {
    const { connect: open } = options;
    return () => opened(open, { name: "the application", timeout });
  }
  const address = parseAddress(options.address);
  const name = formatAddress(address);
  if (address.protocol === "scgi") {
    throw new ConfigurationError("ERR_ADDRESS", `Cannot connect to ${name}: the client speaks FastCGI only`);
  }
  if (address.kind === "fd" || (address.kind === "tcp" && address.port === 0)) {
    throw new ConfigurationError("ERR_ADDRESS", `Cannot connect to ${name}: only a server can listen there`);
  }
  const target =
    address.kind === "unix"
      ? { path: address.path }
      : { host: address.host, port: address.port, noDelay: true };
  return () => opened(() => connect(target), { name, timeout });
}

function opened(
  open: () => Duplex | Promise<Duplex>,
  { name, timeout }: { readonly name: string; readonly timeout: number },
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    let expired = false;
    let transport: Duplex | undefined;
    const timer = after(timeout, () => {
      expired = true;
      transport?.destroy();
      reject(
        new ClientError("ERR_CLIENT_TIMEOUT", `Cannot connect to ${name}: no answer within ${timeout} ms`),
      );
    });
    const failed = (cause: unknown): void => {
      clearTimeout(timer);
      const fact = cause instanceof Error ? cause.message : String(cause);
      reject(new ClientError("ERR_CLIENT_CONNECT", `Cannot connect to ${name}: ${fact}`, { cause }));
    };
    const connected = (): void => {
      clearTimeout(timer);
      resolve(transport!);
    };
    // In a promise, so that an exception of `open` is a rejection.
    Promise.resolve()
      .then(open)
      .then((stream) => {
        transport = stream;
        stream.once("error", failed);
        if (expired) stream.destroy();
        else if ((stream as Partial<Socket>).connecting === true) stream.once("connect", connected);
        else connected();
      })
      .catch(failed);
  });
}
