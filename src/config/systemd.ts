import { applicationSocket, hostAndPort } from "./application-socket.js";
import type { Configuration, ConfigurationSource } from "./configuration.js";
import type { Deployment } from "./deployment.js";
import { requireCommand } from "./program.js";
import { textOf } from "./text.js";

/** Seconds for active requests: the application's own 30, and time to exit. */
const STOP_TIMEOUT = 40;

/**
 * Generates units for systemd 247 or newer: a socket that exists from the start, and a service that the first request starts.
 * systemd restarts it on failure, while requests wait.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` if there is no command
 */
export function systemd(source: ConfigurationSource): Configuration {
  const { deployment } = source;
  const { name, listen } = deployment;
  const folder = "/etc/systemd/system";
  const units = [
    { name: `${folder}/${name}.socket`, text: textOf(socketUnit(deployment)) },
    { name: `${folder}/${name}.service`, text: textOf(serviceUnit(deployment)) },
  ];
  return {
    files: units,
    check: `systemd-analyze verify ${units.map((unit) => unit.name).join(" ")}`,
    run: `systemctl daemon-reload && systemctl enable --now ${name}.socket`,
    // The Web server's configuration has the needs. The units set the access to the socket.
    needs: {},
    startsApplication: true,
    notes: [
      "The application must not set an address: serve(application) uses the socket that systemd passes.",
      ...(acceptsRemotePeers(listen)
        ? [
            `Other machines can reach ${listen}: the application only starts if allowedPeers of serve, or FCGI_WEB_SERVER_ADDRS, names the Web servers.`,
          ]
        : []),
    ],
    folders: [],
    isTested: true,
  };
}

function socketUnit({ name, listen, webServerGroup }: Deployment): string[] {
  const socket = applicationSocket(listen);
  const lines =
    socket.kind === "unix"
      ? [
          `ListenStream=${escapePercent(socket.path)}`,
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

/** The address to listen on, which may be every address of the machine. */
function streamAddress(listen: string, reached: string): string {
  return listen.includes(":") ? listen : reached;
}

/** Whether the address is a TCP address outside the loopback interface. */
function acceptsRemotePeers(listen: string): boolean {
  const socket = applicationSocket(listen);
  if (socket.kind === "unix") return false;
  return !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]):/.test(streamAddress(listen, hostAndPort(socket)));
}

function serviceUnit({ name, command, directory, user }: Deployment): string[] {
  const words = requireCommand(command, "systemd");
  const paths = [directory, ...words].filter((word) => word?.startsWith("/") === true);
  const isAtHome = paths.some((path) => /^\/(?:home|root|run\/user)\//.test(`${path}/`));
  return [
    "[Unit]",
    `Description=${name}, a FastCGI application`,
    `Requires=${name}.socket`,
    "After=network.target",
    "",
    "[Service]",
    `ExecStart=${words.map(commandWord).join(" ")}`,
    ...(directory === undefined ? [] : [`WorkingDirectory=${escapePercent(directory)}`]),
    ...(user === undefined
      ? ["# A dynamic user, which exists while the service runs.", "DynamicUser=yes"]
      : [`User=${user}`]),
    "Environment=NODE_ENV=production",
    `# Its writable folder: /var/lib/${name}, in its environment as STATE_DIRECTORY.`,
    `StateDirectory=${name}`,
    "UMask=0027",
    "# After SIGTERM, it finishes active requests.",
    "KillMode=mixed",
    `TimeoutStopSec=${STOP_TIMEOUT}`,
    "Restart=on-failure",
    "RestartSec=1",
    "",
    "# It can only read files, write to its own folder, and use the network.",
    ...HARDENING,
    `ProtectHome=${isAtHome ? "read-only" : "yes"}`,
    "",
    "[Install]",
    "WantedBy=multi-user.target",
  ];
}

/** Without MemoryDenyWriteExecute, because V8 compiles at run time. */
const HARDENING = [
  "NoNewPrivileges=yes",
  "CapabilityBoundingSet=",
  "ProtectSystem=strict",
  "PrivateTmp=yes",
  "PrivateDevices=yes",
  "ProtectClock=yes",
  "ProtectControlGroups=yes",
  "ProtectHostname=yes",
  "ProtectKernelLogs=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelTunables=yes",
  "ProtectProc=invisible",
  "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "RestrictSUIDSGID=yes",
  "LockPersonality=yes",
  "SystemCallArchitectures=native",
];

/** Formats a word of a command (systemd.service(5), "Command lines"). */
function commandWord(text: string): string {
  const literal = escapePercent(text).replaceAll("$", "$$$$");
  return /^[\w./:@%+=,$-]+$/.test(literal) ? literal : `"${literal.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** Escapes percent signs, which begin specifiers (systemd.unit(5)). */
function escapePercent(text: string): string {
  return text.replaceAll("%", "%%");
}
