import fc from "fast-check";
import { pino, symbols, type Logger } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";

import { lateLogger, logLevels } from "../../src/log/late-logger.js";

/** A late logger, the lines of its stream, and how often it has opened pino. */
function late({ level = "info", fails = false } = {}) {
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  const made = { log: undefined as unknown as Logger, lines, opened: 0, fails };
  made.log = lateLogger({
    level,
    stream,
    open: () => {
      made.opened += 1;
      if (made.fails) throw new Error("EMFILE: too many open files");
      return pino({ level, redact: ["password"] }, stream);
    },
  });
  return made;
}

const fieldsOf = (line: string | undefined) => JSON.parse(line!) as Record<string, unknown>;

test("has the levels of pino", () => {
  expect(logLevels).toEqual(pino.levels.values);
});

test("writes a plain message at each level as pino writes it, without loading it", () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const { log, lines, ...made } = late({ level: "trace" });
  const expected: string[] = [];
  const reference = pino({ level: "trace" }, { write: (line: string) => void expected.push(line) });
  const messages = fc.sample(fc.string({ unit: "binary", maxLength: 300 }), 300);
  for (const message of [...messages, "", "100 %", "%s %d", "\ud800", 'a\u0000\u2028"\\\n', "é"]) {
    for (const level of Object.keys(logLevels)) {
      log[level as "info"](message);
      reference[level as "info"](message);
    }
  }
  expect(lines).toEqual(expected);
  expect(made.opened).toBe(0);
});

test("writes nothing below its level, and does not load pino to find out", () => {
  const made = late({ level: "warn" });
  made.log.info("x");
  made.log.debug({ a: 1 }, "x");
  expect(["trace", "info", "warn", "fatal"].map((level) => made.log.isLevelEnabled(level))).toEqual([
    false,
    false,
    true,
    true,
  ]);
  expect(made.log.level).toBe("warn");
  const silent = late({ level: "silent" });
  silent.log.fatal("x");
  silent.log.fatal({ a: 1 }, "x");
  silent.log.child({ a: 1 }).fatal({ b: 2 }, "x");
  expect([made.lines, made.opened, silent.lines, silent.opened]).toEqual([[], 0, [], 0]);
});

test.each<[string, (log: Logger) => void, Record<string, unknown>]>([
  ["fields", (log) => log.info({ a: 1, password: "told" }, "x"), { a: 1, password: "[Redacted]", msg: "x" }],
  ["a surrogate", (log) => log.info("\ud83d\ude00"), { msg: "\ud83d\ude00" }],
  ["values in the message", (log) => log.info("x %d", 2), { msg: "x 2" }],
  ["an error", (log) => log.error(new Error("y")), { level: 50, msg: "y" }],
  ["a child", (log) => log.child({ a: 1 }).info("x"), { a: 1, msg: "x" }],
  ["its own bindings", (log) => (log.setBindings({ a: 1 }), log.info("x")), { a: 1, msg: "x" }],
  ["a lower level", (log) => ((log.level = "debug"), log.debug("x")), { level: 20, msg: "x" }],
  [
    "an object that inherits from it",
    (log) => Object.create(log).child({ a: 1 }).info("x"),
    { a: 1, msg: "x" },
  ],
])("becomes pino's logger for %s", (_what, use, fields) => {
  const made = late();
  use(made.log);
  expect(fieldsOf(made.lines[0])).toMatchObject(fields);
  made.log.info("plain");
  expect(fieldsOf(made.lines[1])).toMatchObject({ msg: "plain" });
  expect(made.opened).toBe(1);
});

test("is indistinguishable from pino's logger once it has become it", () => {
  const { log, lines } = late();
  const reference = pino({ level: "info", redact: ["password"] }, { write: () => {} });
  // A property that only pino knows: other loggers and frameworks look for it.
  expect(Reflect.get(log, symbols.serializersSym)).toBeDefined();
  expect(Reflect.ownKeys(log).sort(byName)).toEqual(Reflect.ownKeys(reference).sort(byName));
  expect(Object.prototype.toString.call(log)).toBe("[object Pino]");
  const changes: string[] = [];
  log.on("level-change", (level) => changes.push(level));
  log.level = "warn";
  log.info("x");
  expect([changes, lines, log.isLevelEnabled("info")]).toEqual([["warn"], [], false]);
});

const byName = (a: PropertyKey, b: PropertyKey) => (String(a) < String(b) ? -1 : 1);

test("answers whether it has a property as pino's logger does", () => {
  expect("flush" in late().log).toBe(true);
  expect("unknown" in late().log).toBe(false);
});

test("keeps what the program has replaced", () => {
  const { log, lines } = late();
  const replaced: unknown[] = [];
  log.warn = (...line: readonly unknown[]) => void replaced.push(line);
  log.info({ a: 1 }, "opens");
  log.warn("mine");
  expect([replaced, lines.length]).toEqual([[["mine"]], 1]);
  const children: unknown[] = [];
  const other = late().log;
  other.onChild = (child) => void children.push(child);
  const child = other.child({});
  expect(children).toEqual([child]);
});

test("has methods that work when they are taken out before pino is loaded", () => {
  const { log, lines } = late();
  const { info, isLevelEnabled } = log;
  log.info({ a: 1 }, "opens");
  info("x");
  log.level = "error";
  info("y");
  expect(lines.map((line) => fieldsOf(line)["msg"])).toEqual(["opens", "x"]);
  expect(isLevelEnabled("info")).toBe(false);
});

test("loses neither a line nor a handler's logger when pino cannot be loaded, and tries again", () => {
  const made = late({ fails: true });
  const { log, lines } = made;
  log.error({ password: "told" }, "Cannot complete request");
  log.error(new Error("told"));
  expect(log.child({ requestId: 1 })).toBe(log);
  expect(() => log.bindings()).toThrow("EMFILE");
  expect(lines.map((line) => fieldsOf(line)["msg"])).toEqual(
    ["Cannot complete request", "A line of the log"].map(
      (message) =>
        `${message} (without its fields, because pino cannot be loaded: Error: EMFILE: too many open files)`,
    ),
  );
  made.fails = false;
  log.child({ requestId: 1 }).error("later");
  expect(fieldsOf(lines[2])).toMatchObject({ level: 50, requestId: 1, msg: "later" });
});
