import type { Examined, Examiner, ExamineOptions, Finding } from "../existing/examiner.js";
import { isBelow, mayProtectBelow, servedByTheSite } from "../existing/overlap.js";
import type { RoutingPlan } from "../plan/plan.js";

/** Looks at what `lighttpd -p` shows: everything, without lines. */
export const lighttpdExaminer: Examiner = { mainFile: "/etc/lighttpd/lighttpd.conf", examine };

async function examine({ plan, mainFile, view }: ExamineOptions): Promise<Examined | undefined> {
  const output = await view.output("lighttpd", ["-p", "-f", mainFile]);
  if (output === undefined) return undefined;
  const lines = (await view.text(mainFile))?.split("\n") ?? [];
  const { port, part } = plan.deployment;
  const found: Finding[] = [];
  const add = (weight: Finding["weight"], word: string, fact: string): void => {
    const at = lines.findIndex((line) => line.includes(word) && !/^\s*#/.test(line));
    found.push({ weight, place: at < 0 ? undefined : { file: mainFile, line: at + 1 }, fact });
  };
  let isAlias = false;
  for (const line of output.split("\n")) {
    const [, assigned, value = ""] = /^\s*([a-z.-]+)\s+= (.*)$/.exec(line) ?? [];
    if (part === "whole") {
      const own = assigned === "server.port" ? value : /\$SERVER\["socket"\].*:(\d+)"/.exec(line)?.[1];
      if (own === String(port))
        add(
          "stops",
          assigned ?? `:${port}`,
          `lighttpd listens on port ${port}: choose another --port, or add the application to its site with --into`,
        );
    } else {
      conditionFindings(plan, line).forEach(({ weight, word, fact }) => add(weight, word, fact));
    }
    if (assigned !== undefined) isAlias = assigned === "alias.url";
    const folder = isAlias ? aliasOf(line, plan) : documentRootOf(line);
    const served = servedByTheSite(plan, folder);
    if (served !== undefined)
      add(
        served.weight,
        folder,
        `${isAlias ? "alias.url" : "server.document-root"} ${folder} ${served.fact}`,
      );
  }
  return { findings: found, unseen: ["the lines of files that the main file includes"] };
}

function documentRootOf(line: string): string {
  const [, folder = ""] = /^\s*server\.document-root\s+= "(.*)"$/.exec(line) ?? [];
  return folder;
}

/** The folder in a line of `alias.url`; "" for the application's own, whose paths are those of the mount. */
function aliasOf(line: string, { deployment }: RoutingPlan): string {
  const [, path, folder = ""] = /^\s*"([^"]*)" => "([^"]*)"/.exec(line) ?? [];
  return path === `${deployment.mount}/` ? "" : folder;
}

interface Shown {
  readonly weight: Finding["weight"];
  /** What its line has. */
  readonly word: string;
  readonly fact: string;
}

/** What a shown line means for the mount. */
function conditionFindings(plan: RoutingPlan, line: string): Shown[] {
  const { mount } = plan.deployment;
  const [, operator, pattern = ""] = /\$HTTP\["url"\] (=~|==|=\^) "(.*)" \{$/.exec(line) ?? [];
  const path = operator === "=~" ? pattern.replace(/^\^/, "").replace(/[^\w./~-].*$/, "") : pattern;
  if (
    operator !== undefined &&
    isBelow(path.replace(/\/+$/, ""), mount) &&
    path.replace(/\/+$/, "") !== mount
  ) {
    const fact = `a condition for ${path} may replace what the application has there, if it comes after the line`;
    return [{ weight: mayProtectBelow(plan, path) ? "stops" : "note", word: pattern, fact }];
  }
  const [, name] =
    /^\s*(proxy\.server|scgi\.server|uwsgi\.server|sockproxy\.server|ajp13\.server)\s+= \([^)]/.exec(line) ??
    /^\s*(proxy\.server|scgi\.server|uwsgi\.server|sockproxy\.server|ajp13\.server)\s+= \($/.exec(line) ??
    [];
  if (name === undefined) return [];
  return [
    {
      weight: "note",
      word: name,
      fact: `${name} takes paths of the application, if it names them and its module is loaded before mod_fastcgi`,
    },
  ];
}
