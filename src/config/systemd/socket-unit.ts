import { ConfigurationError } from "../../errors.js";
import { applicationSocket, hostAndPort } from "../application-socket.js";
import type { Deployment } from "../deployment.js";
import { escapePercent } from "./systemd-text.js";

/** What stands for the name of an instance in a template unit. */
const INSTANCE = "%i";

/**
 * The unit of the socket that the Web server connects to.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` for a template on a TCP port, which its instances cannot share
 */
export function socketUnit({ name, listen: [listen], webServerGroup, systemd }: Deployment): string[] {
  const socket = applicationSocket(listen);
  const isTemplate = systemd.units === "template";
  if (isTemplate && socket.kind === "tcp") {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot configure systemd: each instance of a template has a unix socket of its own, but listen is ${listen}`,
    );
  }
  const lines =
    socket.kind === "unix"
      ? [
          `ListenStream=${isTemplate ? instancePath(socket.path) : escapePercent(socket.path)}`,
          "# Only the Web server may connect.",
          "SocketMode=0660",
          `SocketGroup=${webServerGroup}`,
          "RemoveOnStop=yes",
        ]
      : [`ListenStream=${streamAddress(listen, hostAndPort(socket))}`];
  return [
    "[Unit]",
    `Description=${name}: the socket that the Web server connects to`,
    "",
    "[Socket]",
    ...lines,
    "",
    "[Install]",
    "WantedBy=sockets.target",
  ];
}

/** `/run/books/app-%i.sock`. */
export function instancePath(path: string, instance = INSTANCE): string {
  const [, stem = "", extension = ""] = /^(.*?)(\.[^./]*)?$/s.exec(path) ?? [];
  return `${escapePercent(stem)}-${instance}${escapePercent(extension)}`;
}

/** Whether the address is a TCP address outside the loopback interface. */
export function acceptsRemotePeers(listen: string): boolean {
  const socket = applicationSocket(listen);
  if (socket.kind === "unix") return false;
  return !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]):/.test(streamAddress(listen, hostAndPort(socket)));
}

/** The address to listen on, which may be every address of the machine. */
function streamAddress(listen: string, reached: string): string {
  return listen.includes(":") ? listen : reached;
}
