import { ConfigurationError } from "../../errors.js";
import type { Deployment } from "../deployment.js";
import { requireCommand } from "../program.js";
import { supervisedCommand, type SupervisedCommand } from "./supervised-command.js";
import { commandLine, commandWord, escapePercent } from "./systemd-text.js";

/** Seconds for active requests: the application's own 30, and time to exit. */
const STOP_TIMEOUT = 40;
/** The same for a master, which gives the stop hooks of its workers 10 more before it kills them. */
const MASTER_STOP_TIMEOUT = 50;
/** Seconds in which a master must show that a worker answers. */
const WATCHDOG = 30;

/**
 * The unit of the service: one process, or a master with its workers.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` if there is no command, or a template is to start a master
 */
export function serviceUnit(deployment: Deployment): string[] {
  const { name, directory, user, systemd } = deployment;
  const words = requireCommand(deployment.command, "systemd");
  const supervised = supervisedCommand(words, name);
  const isTemplate = systemd.units === "template";
  if (isTemplate && supervised !== undefined) {
    throw new ConfigurationError(
      "ERR_DEPLOYMENT",
      "Cannot configure systemd: an instance of a template is one process, but the command starts a master; " +
        "start the program with node, or use --systemd-units service",
    );
  }
  const instance = isTemplate ? "%i" : undefined;
  return [
    "[Unit]",
    `Description=${name}, a FastCGI application${instance === undefined ? "" : `, instance ${instance}`}`,
    `Requires=${name}${isTemplate ? "@%i" : ""}.socket`,
    "After=network.target",
    "",
    "[Service]",
    ...(supervised === undefined
      ? [`ExecStart=${commandLine(words, directory)}`]
      : supervisedLines(supervised, deployment)),
    ...(directory === undefined ? [] : [`WorkingDirectory=${escapePercent(directory)}`]),
    ...(directory === undefined || supervised === undefined
      ? []
      : [
          "# With its symbolic links, so that a reload follows them; systemd itself does not set it.",
          `Environment=${commandWord(`PWD=${directory}`)}`,
        ]),
    ...(user === undefined
      ? ["# A dynamic user, which exists while the service runs.", "DynamicUser=yes"]
      : [`User=${user}`]),
    "Environment=NODE_ENV=production",
    ...(deployment.protocol === "scgi"
      ? [
          "# Without it, the socket is for FastCGI.",
          `Environment=TRICORN_LISTEN=scgi:systemd:${name}${isTemplate ? "@%i" : ""}.socket`,
        ]
      : []),
    `# Its writable folder: /var/lib/${name}${isTemplate ? "/%i" : ""}, in its environment as STATE_DIRECTORY.`,
    `StateDirectory=${name}${isTemplate ? "/%i" : ""}`,
    "UMask=0027",
    "# After SIGTERM, it finishes active requests.",
    "KillMode=mixed",
    `TimeoutStopSec=${supervised === undefined ? STOP_TIMEOUT : MASTER_STOP_TIMEOUT + supervised.drain}`,
    "Restart=on-failure",
    "RestartSec=1",
    "# The last resort against a leak: the kernel ends a process that needs more.",
    `MemoryMax=${systemd.memoryMax}`,
    "",
    "# It can only read files, write to its own folder, and use the network.",
    ...HARDENING,
    `ProtectHome=${isAtHome([directory, ...words]) ? "read-only" : "yes"}`,
    "",
    "[Install]",
    "WantedBy=multi-user.target",
  ];
}

/** The lines of a master. */
function supervisedLines({ start, reload, folder }: SupervisedCommand, { directory }: Deployment): string[] {
  return [
    "# systemd-notify, a child of the master, says when it is ready, and that a worker answers.",
    "Type=notify",
    "NotifyAccess=all",
    `WatchdogSec=${WATCHDOG}`,
    `ExecStart=${commandLine(start, directory)}`,
    "# Fails, and the old version serves on, if the new one does not start.",
    `ExecReload=${commandLine(reload, directory)}`,
    ...(folder === undefined
      ? []
      : [
          "# The folder of the control socket, for the user of the service only.",
          `RuntimeDirectory=${folder}`,
          "RuntimeDirectoryMode=0700",
        ]),
    "# The master replaces a worker that the kernel has ended.",
    "OOMPolicy=continue",
  ];
}

function isAtHome(words: readonly (string | undefined)[]): boolean {
  const paths = words.filter((word) => word?.startsWith("/") === true);
  return paths.some((path) => /^\/(?:home|root|run\/user)\//.test(`${path}/`));
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
