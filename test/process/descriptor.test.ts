import { once } from "node:events";
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";

import { isWritable, kindOfDescriptor } from "../../src/process/descriptor.js";
import { temporaryFolder } from "../support/served.js";

/** The descriptor of a socket, which Node.js does not expose. */
function descriptorOf(socket: Server | Socket): number {
  return (socket as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
}

test.each(["unix", "127.0.0.1", "::1"])(
  "a listening socket of %s is detected, a connected one is not",
  async (kind) => {
    const server = createServer();
    if (kind === "unix") server.listen(join(temporaryFolder(), "app.sock"));
    else server.listen(0, kind);
    await once(server, "listening");
    const address = server.address()!;
    const client = typeof address === "string" ? connect(address) : connect(address.port, kind);
    const [accepted] = (await once(server, "connection")) as [Socket];
    onTestFinished(() => {
      client.destroy();
      accepted.destroy();
      server.close();
    });

    expect(kindOfDescriptor(descriptorOf(server))).toBe("listening");
    expect([client, accepted].map((socket) => kindOfDescriptor(descriptorOf(socket)))).toEqual([
      "socket",
      "socket",
    ]);
  },
);

test.each([
  ["/dev/null", "null"],
  ["/dev/zero", "other"],
  [import.meta.filename, "other"],
  ["/", "other"],
])("%s is %s", (path, kind) => {
  const fd = openSync(path, "r");
  onTestFinished(() => closeSync(fd));
  expect(kindOfDescriptor(fd)).toBe(kind);
});

test("a descriptor that is not open is closed", () => {
  const fd = openSync("/dev/null", "r");
  closeSync(fd);
  expect([kindOfDescriptor(fd), kindOfDescriptor(99_999)]).toEqual(["closed", "closed"]);
});

describe("isWritable", () => {
  function open(path: string, flags: number): number {
    const fd = openSync(path, flags);
    onTestFinished(() => closeSync(fd));
    return fd;
  }

  function namedPipe(): string {
    const path = join(temporaryFolder(), "pipe");
    execFileSync("mkfifo", [path]);
    return path;
  }

  test("is true for what is open for writing", () => {
    const file = join(temporaryFolder(), "file");
    const fds = [open(file, constants.O_CREAT | constants.O_WRONLY), open(file, constants.O_RDWR), 1, 2];
    expect(fds.map(isWritable)).toEqual([true, true, true, true]);
  });

  test("is false for what is open for reading, closed, or a folder", () => {
    const closed = openSync("/dev/null", "r");
    closeSync(closed);
    expect(
      [open(import.meta.filename, constants.O_RDONLY), closed, open("/", constants.O_RDONLY)].map(isWritable),
    ).toEqual([false, false, false]);
  });

  test("is false for a pipe whose other end is in this process, such as those Node.js creates", () => {
    const path = namedPipe();
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = open(path, constants.O_WRONLY);
    expect([reader, writer].map(isWritable)).toEqual([false, false]);
    closeSync(reader);
    expect(isWritable(writer)).toBe(true);
  });
});
