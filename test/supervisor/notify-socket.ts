import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

import { temporaryFolder } from "../support/served.js";

/** A socket as systemd has one for its services. */
export interface NotifySocket {
  /** NOTIFY_SOCKET. */
  readonly path: string;
  /** The lines that were sent to it so far, without the barriers of systemd-notify. */
  readonly lines: () => readonly string[];
}

/** Perl belongs to every Debian; Node.js has no datagram sockets. The descriptor of a barrier is closed unread, which lifts it. */
const RECEIVER = `
use IO::Socket::UNIX;
$| = 1;
my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die;
print "bound\\n";
while (1) { $socket->recv(my $news, 65536); print "$news\\n"; }
`;

/** Opens a datagram socket until the test ends. */
export async function notifySocket(): Promise<NotifySocket> {
  const path = join(temporaryFolder(), "notify");
  const receiver = spawn("perl", ["-e", RECEIVER, path], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void receiver.kill("SIGKILL"));
  const lines: string[] = [];
  const reader = createInterface({ input: receiver.stdout });
  reader.on("line", (line) => lines.push(line));
  await once(reader, "line");
  return { path, lines: () => lines.slice(1).filter((line) => line !== "" && line !== "BARRIER=1") };
}
