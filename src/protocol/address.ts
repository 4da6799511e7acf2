import { ConfigurationError } from "../errors.js";

/** Where an application listens, as text, as a port of this machine, or in parts. */
export type AddressLike =
  | string
  | number
  | { readonly host?: string | undefined; readonly port: number }
  | { readonly path: string };

/** Where an application listens: a TCP port, a unix socket, or a listening socket that this process inherited. */
export type Address = Place & {
  /** The protocol of its connections; FastCGI by default. */
  readonly protocol?: "scgi" | undefined;
};

type Place =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "fd"; readonly fd: number };

/** What precedes an address whose connections speak SCGI. */
export const SCGI_PREFIX = "scgi:";

/** Neither protocol knows authentication, so an address without a host means this machine only, never all interfaces. */
const DEFAULT_HOST = "127.0.0.1";

/** The longest path of a unix socket: sun_path has 108 bytes on Linux, the last one for NUL. */
const MAX_PATH_BYTES = 107;

const PORT = /^:?(\d{1,5})$/;
const HOST_AND_PORT = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([\w.-]+)):(\d{1,5})$/;
const FILE_DESCRIPTOR = /^fd:(\d{1,9})$/;

/**
 * Parses an address: `9000`, `":9000"`, `"127.0.0.1:9000"`, `"[::1]:9000"`, `"tcp://…"`, `"unix:/run/app.sock"`,
 * `"/run/app.sock"`, `"./app.sock"`, `"fd:0"`. A port alone means 127.0.0.1. Port 0 means any free port. After `scgi:` its
 * connections speak SCGI: `"scgi:127.0.0.1:9000"`, `"scgi:unix:/run/app.sock"`, and `"scgi://127.0.0.1:9000"` as Apache writes it.
 *
 * @throws ConfigurationError `ERR_ADDRESS` for everything else
 */
export function parseAddress(address: AddressLike): Address {
  if (typeof address === "number") return tcp(DEFAULT_HOST, address, address);
  if (typeof address === "string") return parseText(address.trim());
  if (typeof address !== "object" || address === null) {
    throw new ConfigurationError(
      "ERR_ADDRESS",
      `Cannot parse address: it is ${address === null ? "null" : typeof address}, not text, a port or an object`,
    );
  }
  if ("path" in address) return unix(address.path);
  return tcp(address.host ?? DEFAULT_HOST, address.port, address.port);
}

/** Formats an address as text that {@link parseAddress} reads. */
export function formatAddress(address: Address): string {
  return address.protocol === "scgi" ? `${SCGI_PREFIX}${formatPlace(address)}` : formatPlace(address);
}

function formatPlace(address: Place): string {
  switch (address.kind) {
    case "unix":
      return `unix:${address.path}`;
    case "fd":
      return `fd:${address.fd}`;
    default:
      return address.host.includes(":")
        ? `[${address.host}]:${address.port}`
        : `${address.host}:${address.port}`;
  }
}

function parseText(text: string): Address {
  if (!text.startsWith(SCGI_PREFIX)) return parsePlace(text);
  const rest = text.slice(SCGI_PREFIX.length);
  return { ...parsePlace(rest.startsWith("//") ? rest.slice(2) : rest), protocol: "scgi" };
}

function parsePlace(text: string): Place {
  if (text.startsWith("unix:")) return unix(text.slice(text.startsWith("unix://") ? 7 : 5));
  if (/^\.{0,2}\//.test(text)) return unix(text);
  const descriptor = FILE_DESCRIPTOR.exec(text);
  if (descriptor !== null) return { kind: "fd", fd: Number(descriptor[1]) };
  const hostAndPort = text.startsWith("tcp://") ? text.slice(6) : text;
  const port = PORT.exec(hostAndPort);
  if (port !== null) return tcp(DEFAULT_HOST, Number(port[1]), text);
  const both = HOST_AND_PORT.exec(hostAndPort);
  if (both !== null) return tcp((both[1] ?? both[2])!, Number(both[3]), text);
  throw new ConfigurationError(
    "ERR_ADDRESS",
    `Cannot parse address: "${text}" is not one of 9000, host:9000, [::1]:9000, unix:/path, /path, fd:0`,
  );
}

function tcp(host: string, port: number, given: string | number): Place {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ConfigurationError(
      "ERR_ADDRESS",
      `Cannot parse address: "${given}" has no port from 0 to 65535`,
    );
  }
  if (host === "") throw new ConfigurationError("ERR_ADDRESS", "Cannot parse address: the host is empty");
  return { kind: "tcp", host, port };
}

function unix(path: string): Place {
  if (path === "" || path.includes("\0")) {
    throw new ConfigurationError(
      "ERR_ADDRESS",
      "Cannot parse address: the path of the unix socket is empty or has a NUL",
    );
  }
  const length = Buffer.byteLength(path);
  if (length > MAX_PATH_BYTES) {
    throw new ConfigurationError(
      "ERR_ADDRESS",
      `Cannot parse address: the path of the unix socket is ${length} bytes, at most ${MAX_PATH_BYTES} fit`,
    );
  }
  return { kind: "unix", path };
}
