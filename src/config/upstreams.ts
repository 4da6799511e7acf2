import { isIP } from "node:net";

import {
  applicationSocket,
  canonicalHost,
  hostAndPort,
  parseSocket,
  type Addresses,
} from "./application-socket.js";

/** What a deployment says of its upstreams. */
export interface UpstreamFields {
  readonly listen: Addresses;
  readonly upstream: Addresses;
  readonly affinity?: string | undefined;
  readonly drain?: readonly string[] | undefined;
  readonly statusPort?: number | undefined;
}

/** An application, as a Web server that balances reaches it. */
export interface Upstream {
  /** `10.0.0.2:9000`, `[fd00::2]:9000` or `unix:/run/books/app.sock`. */
  readonly address: string;
  /**
   * Its name, different from all others: its host if no other upstream has it, else its host and port; for a unix socket its path, with
   * `_` for a slash. It has only letters, digits and `. _ : -`.
   */
  readonly name: string;
  /** Whether its host is a name, which must be resolved. */
  readonly isNamed: boolean;
  /** Whether it gets no new requests. */
  readonly isDrained: boolean;
}

/** Why requests of a session go to the same host, as comments of a configuration. */
export const AFFINITY_REASON: readonly string[] = [
  "Session affinity: a FastCGI process lives on, and may cache the data of its users. If a host is gone, only its sessions move.",
];

/** Whether the Web server balances between several upstreams. */
export function isBalanced({ upstream }: Pick<UpstreamFields, "upstream">): boolean {
  return upstream.length > 1;
}

/** All upstreams of a deployment, in its order. */
export function upstreamsOf({
  upstream,
  drain = [],
}: Pick<UpstreamFields, "upstream" | "drain">): readonly Upstream[] {
  const drained = new Set(drain.map(comparable));
  const hosts = upstream.map(hostOf);
  return upstream.map((one, index) => {
    const socket = applicationSocket(one);
    const host = hosts[index]!;
    const isShared = hosts.indexOf(host) !== hosts.lastIndexOf(host);
    return {
      address: socket.kind === "unix" ? `unix:${socket.path}` : hostAndPort(socket),
      name: socket.kind === "tcp" && isShared ? `${host}:${socket.port}` : host,
      isNamed: socket.kind === "tcp" && isIP(socket.host) === 0,
      isDrained: drained.has(comparable(one)),
    };
  });
}

/** A character of a path that stands in a name for itself. `_` is a slash. */
const PLAIN = /[^A-Za-z0-9.-]/gu;

function hostOf(address: string): string {
  const socket = applicationSocket(address);
  if (socket.kind === "tcp") return socket.host;
  return socket.path.replaceAll(PLAIN, (character) =>
    character === "/" ? "_" : `:${character.codePointAt(0)!.toString(16)}:`,
  );
}

/** What is wrong with the upstreams, and with what is said of them, as `field: fact`. */
export function upstreamFaults({
  listen,
  upstream,
  drain = [],
  affinity,
  statusPort,
}: UpstreamFields): string[] {
  const known = upstream.map(comparable);
  const drained = new Set(drain.map(comparable));
  const needSeveral = Object.entries({ affinity, statusPort, drain: drain[0] }).filter(
    ([, value]) => value !== undefined && upstream.length === 1,
  );
  return [
    ...new Set([...twice(listen), ...twice(upstream)].map((one) => `listen or upstream: has ${one} twice`)),
    ...needSeveral.map(([field]) => `${field}: needs several upstreams`),
    ...drain
      .filter((address) => !known.includes(comparable(address)))
      .map((address) => `drain: ${address} is not an upstream`),
    ...(upstream.length > 1 && known.every((one) => drained.has(one)) ? ["drain: leaves no upstream"] : []),
    ...(statusPort !== undefined && upstream.some((one) => parseSocket(one)?.kind === "unix")
      ? ["statusPort: a unix socket has no ports"]
      : []),
  ];
}

function twice(addresses: readonly string[]): readonly string[] {
  const all = addresses.map(comparable);
  return addresses.filter((_, index) => all.indexOf(all[index]!) < index);
}

/** The same text for all ways to write an address. */
function comparable(address: string): string {
  const socket = parseSocket(address);
  if (socket === undefined) return address;
  return socket.kind === "unix"
    ? `unix:${socket.path}`
    : hostAndPort({ ...socket, host: canonicalHost(socket.host) });
}
