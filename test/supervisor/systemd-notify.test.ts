import { join } from "node:path";
import { expect, test } from "vitest";

import { formatNews, parseNotifyFacts, SystemdNotify } from "../../src/supervisor/systemd-notify.js";
import { temporaryFolder } from "../support/served.js";
import { notifySocket } from "./notify-socket.js";

test.each([
  [{}, undefined],
  [{ NOTIFY_SOCKET: "" }, undefined],
  [{ WATCHDOG_USEC: "30000000" }, undefined],
  [{ NOTIFY_SOCKET: "/run/systemd/notify" }, { socket: "/run/systemd/notify", watchdog: undefined }],
  [
    { NOTIFY_SOCKET: "@abstract", WATCHDOG_USEC: "30000000" },
    { socket: "@abstract", watchdog: 15_000 },
  ],
  [
    { NOTIFY_SOCKET: "/n", WATCHDOG_USEC: "2000000", WATCHDOG_PID: "7" },
    { socket: "/n", watchdog: 1_000 },
  ],
  [
    { NOTIFY_SOCKET: "/n", WATCHDOG_USEC: "2000000", WATCHDOG_PID: "8" },
    { socket: "/n", watchdog: undefined },
  ],
  [
    { NOTIFY_SOCKET: "/n", WATCHDOG_USEC: "0" },
    { socket: "/n", watchdog: undefined },
  ],
  [
    { NOTIFY_SOCKET: "/n", WATCHDOG_USEC: "soon" },
    { socket: "/n", watchdog: undefined },
  ],
])("parseNotifyFacts of process 7 reads %j as %j", (environment, facts) => {
  expect(parseNotifyFacts(environment, 7)).toEqual(facts);
});

test("formatNews gives the time of a reload in microseconds, as systemd 253 wants it", () => {
  expect(formatNews({ kind: "reloading" }, 1_234_567_890n)).toContain("MONOTONIC_USEC=1234567");
});

test("SystemdNotify sends news to the socket of systemd, in their order", async () => {
  const { path, lines } = await notifySocket();
  const failures: Error[] = [];
  const systemd = new SystemdNotify(path, (error) => failures.push(error));

  void systemd.send({ kind: "ready", status: "Serving with 2 workers" });
  void systemd.send({ kind: "reloading" });
  void systemd.send({ kind: "alive" });
  void systemd.send({ kind: "draining" });
  await systemd.send({ kind: "stopping" });

  await expect
    .poll(lines)
    .toEqual([
      "READY=1",
      "STATUS=Serving with 2 workers",
      "RELOADING=1",
      expect.stringMatching(/^MONOTONIC_USEC=\d+$/),
      "STATUS=Reloading",
      "WATCHDOG=1",
      "STATUS=Draining",
      "STOPPING=1",
      "STATUS=Stopping",
    ]);
  expect(failures).toEqual([]);
});

test("SystemdNotify reports that news cannot be sent, and goes on", async () => {
  const failures: Error[] = [];
  const systemd = new SystemdNotify(join(temporaryFolder(), "nobody"), (error) => failures.push(error));

  await systemd.send({ kind: "alive" });
  await systemd.send({ kind: "stopping" });

  expect(failures).toHaveLength(2);
});
