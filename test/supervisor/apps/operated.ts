// A program for workers that shows who and where it is, prints, hangs and waits. It does not start if the file BROKEN exists.
import { existsSync, readFileSync, watch } from "node:fs";
import { dirname } from "node:path";
import { Get, Responder, serve } from "tricorn";

const broken = process.env["BROKEN"] ?? "";
if (broken !== "" && existsSync(broken)) throw new TypeError("The table of prices is missing");

/** Waits until the file RELEASED exists. */
function released(): Promise<string> {
  const file = process.env["RELEASED"] ?? "";
  return new Promise((resolve) => {
    const watcher = watch(dirname(file), check);
    function check(): void {
      if (!existsSync(file)) return;
      watcher.close();
      resolve(`released ${process.pid}`);
    }
    check();
  });
}

function hangForEver(): never {
  for (;;) Math.sqrt(2);
}

function who(): object {
  const umask = process.umask(0);
  process.umask(umask);
  return {
    uid: process.getuid!(),
    gid: process.getgid!(),
    groups: process.getgroups!(),
    umask,
    directory: process.cwd(),
    release: existsSync("release") ? readFileSync("release", "utf8") : "",
    variables: Object.keys(process.env).filter((name) =>
      /^(?:NOTIFY|WATCHDOG|LISTEN|TRICORN_WORKER)/.test(name),
    ),
  };
}

@Responder()
class Operated {
  @Get("/")
  pid() {
    return `pid ${process.pid}`;
  }

  @Get("/who")
  who() {
    return who();
  }

  @Get("/wait/:name")
  wait() {
    return released();
  }

  @Get("/hang")
  hang() {
    return hangForEver();
  }

  @Get("/print")
  print() {
    process.stdout.write("a line of the program\n");
    process.stderr.write("a line of an error\n");
    return "printed";
  }
}

const { OPERATED_SHUTDOWN: shutdown } = process.env;
await serve(
  [Operated],
  undefined,
  shutdown === undefined ? {} : { timeouts: { shutdown: Number(shutdown) } },
);
