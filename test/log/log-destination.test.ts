import { describe, expect, test } from "vitest";

import type { DescriptorKind } from "../../src/process/descriptor.js";
import { chooseLogDestination, type LogFacts } from "../../src/log/log-destination.js";

/** A process whose descriptors 0, 1, 2 ... are of these kinds; no other is open. */
function facts(kinds: readonly DescriptorKind[], more: Partial<LogFacts> = {}): LogFacts {
  return {
    named: undefined,
    isCgi: false,
    kindOf: (fd) => kinds[fd] ?? "closed",
    // The last one is a pipe of the process itself.
    isWritable: (fd) => fd < 4,
    ...more,
  };
}

const descriptor = (fd: number) => ({ kind: "descriptor", fd });
const nowhere = { kind: "nowhere" };

describe("chooseLogDestination", () => {
  test.each<[string, LogFacts, object]>([
    ["a terminal", facts(["other", "other", "other"]), descriptor(2)],
    ["systemd, whose journal is a socket", facts(["null", "socket", "socket"]), descriptor(2)],
    ["lighttpd", facts(["listening", "null", "other"]), descriptor(2)],
    ["mod_fcgid", facts(["listening", "other", "other"]), descriptor(2)],
    ["spawn-fcgi", facts(["listening", "null", "null"]), nowhere],
    ["2>/dev/null", facts(["other", "other", "null"]), descriptor(1)],
    ["2>&- of a program that reopens nothing", facts(["other", "other", "closed"]), descriptor(1)],
    ["systemd-socket-activate --inetd", facts(["listening", "listening", "other"]), descriptor(2)],
    ["StandardInput=socket of systemd", facts(["listening", "listening", "listening"]), nowhere],
    ["inetd, which has the client on descriptor 1", facts(["socket", "socket", "null"]), nowhere],
    ["mod_cgid", facts(["socket", "socket", "other"], { isCgi: true }), descriptor(2)],
    [
      "CGI with 2>/dev/null, where descriptor 1 is the answer",
      facts(["other", "other", "null"], { isCgi: true }),
      nowhere,
    ],
  ])("under %s", (_what, process, destination) => {
    expect(chooseLogDestination(process)).toEqual(destination);
  });

  test.each<[string, readonly DescriptorKind[], object]>([
    ["", ["null", "null", "other"], descriptor(2)],
    ["/var/log/app.log", ["null", "other", "other"], { kind: "file", path: "/var/log/app.log" }],
    ["logs/fd:1", ["null", "other", "other"], { kind: "file", path: "logs/fd:1" }],
    ["stdout", ["null", "other", "other"], descriptor(1)],
    ["stdout", ["null", "socket", "other"], descriptor(1)],
    ["stderr", ["null", "other", "other"], descriptor(2)],
    ["fd:2", ["null", "other", "other"], descriptor(2)],
    ["fd:3", ["null", "other", "other", "other"], descriptor(3)],
    ["stderr", ["null", "other", "null"], nowhere],
  ])("with TRICORN_LOG=%s and the descriptors %j", (named, kinds, destination) => {
    expect(chooseLogDestination(facts(kinds, { named }))).toEqual(destination);
  });

  test.each<[string, readonly DescriptorKind[], boolean, string]>([
    ["fd:0", ["other", "other", "other"], false, "descriptor 0 is the standard input"],
    ["fd:1", ["other", "other", "other"], true, "it carries the answer of a CGI program"],
    ["stdout", ["other", "other", "other"], true, "it carries the answer of a CGI program"],
    ["stdout", ["listening", "listening", "other"], false, "it is a listening socket"],
    ["fd:7", ["other", "other", "other"], false, "the descriptor is closed"],
    [
      "fd:4",
      ["other", "other", "other", "other", "other"],
      false,
      "the descriptor is not open for writing, or has no reader",
    ],
  ])("refuses TRICORN_LOG=%s with the descriptors %j (CGI: %s)", (named, kinds, isCgi, fact) => {
    expect(() => chooseLogDestination(facts(kinds, { named, isCgi }))).toThrow(
      expect.objectContaining({
        code: "ERR_LOG_DESTINATION",
        message: `Cannot log to ${JSON.stringify(named)}, which TRICORN_LOG names: ${fact}`,
      }) as Error,
    );
  });
});
