import { ConfigurationError } from "../errors.js";
import { COMMAND_CURE } from "./command-cure.js";
import { applicationSocket, hostAndPort } from "./application-socket.js";
import type { Configuration, ConfigurationSource } from "./configuration.js";
import type { Deployment } from "./deployment.js";
import { textOf } from "./text.js";

/** Seconds for what is in flight: the application's own 30, and some to close. */
const STOP = 40;

/**
 * Writes units for systemd, 247 or newer: a socket that is there from the start, and the application, which is started by
 * the first request and again when it fails, while requests wait.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` where there is no command
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
    // The Web server in front of it says what it needs. Who may connect to the socket is said here.
    needs: {},
    startsApplication: true,
    notes: [
      "The application must not name an address: serve(application) takes the socket that systemd passes.",
      ...(isReachedByOthers(listen)
        ? [
            `Other machines reach ${listen}: the application starts only where allowedPeers of serve, or FCGI_WEB_SERVER_ADDRS, names the Web servers.`,
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
          `ListenStream=${specifiers(socket.path)}`,
          "# The Web server may connect, and nobody else.",
          "SocketMode=0660",
          `SocketGroup=${webServerGroup}`,
          "RemoveOnStop=yes",
        ]
      : [`ListenStream=${addressOf(listen, hostAndPort(socket))}`];
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

/** What the application itself would listen on, which may be every address of the machine. */
function addressOf(listen: string, reached: string): string {
  return listen.includes(":") ? listen : reached;
}

/** Whether a socket is one of TCP that is not bound to this machine alone. */
function isReachedByOthers(listen: string): boolean {
  const socket = applicationSocket(listen);
  if (socket.kind === "unix") return false;
  return !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]):/.test(addressOf(listen, hostAndPort(socket)));
}

function serviceUnit({ name, command, directory, user }: Deployment): string[] {
  if (command === undefined) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      `Cannot configure systemd: it starts the application, and the deployment has no command; ${COMMAND_CURE}`,
    );
  }
  const places = [directory, ...command].filter((word) => word?.startsWith("/") === true);
  const isAtHome = places.some((path) => /^\/(?:home|root|run\/user)\//.test(`${path}/`));
  return [
    "[Unit]",
    `Description=${name}, a FastCGI application`,
    `Requires=${name}.socket`,
    "After=network.target",
    "",
    "[Service]",
    `ExecStart=${command.map(word).join(" ")}`,
    ...(directory === undefined ? [] : [`WorkingDirectory=${specifiers(directory)}`]),
    ...(user === undefined
      ? ["# A user of its own, which exists while it runs.", "DynamicUser=yes"]
      : [`User=${user}`]),
    "Environment=NODE_ENV=production",
    "# A folder that it may write into: /var/lib/" + name + ", in its environment as STATE_DIRECTORY.",
    `StateDirectory=${name}`,
    "UMask=0027",
    "# SIGTERM lets it finish what is in flight.",
    "KillMode=mixed",
    `TimeoutStopSec=${STOP}`,
    "Restart=on-failure",
    "RestartSec=1",
    "",
    "# It may read files, write into its own folder, and speak to the network; nothing else.",
    ...HARDENING,
    `ProtectHome=${isAtHome ? "read-only" : "yes"}`,
    "",
    "[Install]",
    "WantedBy=multi-user.target",
  ];
}

/** MemoryDenyWriteExecute is left out: V8 compiles at run time. */
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

/** A word of a command (systemd.service(5), "Command lines"). */
function word(text: string): string {
  const literal = specifiers(text).replaceAll("$", "$$$$");
  return /^[\w./:@%+=,$-]+$/.test(literal) ? literal : `"${literal.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** Percent signs begin specifiers (systemd.unit(5)). */
function specifiers(text: string): string {
  return text.replaceAll("%", "%%");
}
