import { join } from "node:path";

import { freePort } from "../../support/web-servers/free-port.js";
import type { StarterSetUp } from "../../support/web-servers/set-up.js";

const inFolder = (folder: string): string => join(folder, "app.sock");
const onPort = async (): Promise<string> => `127.0.0.1:${await freePort()}`;

const spawnFcgi = { args: ["-v"], pattern: /v([\d.]+)/ };
const systemd = { args: ["--version"], pattern: /systemd (\d+)/ };

/** Every way in which a program starts the application. */
export const starterSetUps: readonly StarterSetUp[] = [
  {
    id: "spawn-fcgi-unix",
    program: "spawn-fcgi",
    how: "a unix socket as descriptor 0",
    version: spawnFcgi,
    address: inFolder,
    args: ({ address, command }) => ["-n", "-s", address, "--", ...command],
  },
  {
    id: "spawn-fcgi-tcp",
    program: "spawn-fcgi",
    how: "a TCP port as descriptor 0",
    version: spawnFcgi,
    address: onPort,
    args: ({ address, command }) => ["-n", "-a", "127.0.0.1", "-p", address.split(":")[1]!, "--", ...command],
  },
  {
    id: "multiwatch",
    program: "multiwatch",
    how: "two processes on one unix socket, below spawn-fcgi",
    version: { args: ["--version"], pattern: /v([\d.]+)/ },
    address: inFolder,
    runs: "spawn-fcgi",
    args: ({ address, command }) => [
      "-n",
      "-s",
      address,
      "--",
      "/usr/bin/multiwatch",
      "--forks=2",
      // Else it sends SIGUSR1, by which Node.js starts its debugger.
      "--signal=TERM",
      "--",
      ...command,
    ],
    processes: 2,
  },
  {
    id: "cgi-fcgi-start",
    program: "cgi-fcgi",
    how: "`-start`: a unix socket as descriptor 0, in the background",
    version: undefined,
    address: inFolder,
    args: ({ address, command }) => ["-start", "-connect", address, ...command],
    leaves: true,
  },
  {
    id: "systemd-unix",
    program: "systemd-socket-activate",
    how: "a unix socket in `LISTEN_FDS`, at the first connection",
    version: systemd,
    address: inFolder,
    args: ({ address, command }) => ["-l", address, ...command],
  },
  {
    id: "systemd-tcp",
    program: "systemd-socket-activate",
    how: "a TCP port in `LISTEN_FDS`, at the first connection",
    version: systemd,
    address: onPort,
    args: ({ address, command }) => ["-l", address, ...command],
  },
  {
    id: "systemd-inetd",
    program: "systemd-socket-activate",
    how: "`--inetd`: a unix socket as descriptors 0 and 1",
    version: systemd,
    address: inFolder,
    args: ({ address, command }) => ["--inetd", "-l", address, ...command],
  },
];
