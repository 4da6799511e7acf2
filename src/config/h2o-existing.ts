import type { Examined, Examiner, ExamineOptions, Finding } from "./existing/examiner.js";
import { isBelow, mayProtectBelow, servedByTheSite } from "./existing/overlap.js";
import type { RoutingPlan } from "./plan/plan.js";

/** Looks at the main file of H2O, which shows nothing itself. */
export const h2oExaminer: Examiner = { mainFile: "/etc/h2o/h2o.conf", examine };

async function examine({ plan, mainFile, view }: ExamineOptions): Promise<Examined | undefined> {
  const text = await view.text(mainFile);
  if (text === undefined) return undefined;
  const checked = await view.output("h2o", ["-t", "-c", mainFile]);
  const invalid: Finding[] =
    checked === undefined && view.unseenFor === "refused"
      ? [
          {
            weight: "stops",
            place: undefined,
            fact: `h2o -t does not accept ${mainFile} as it is; mend it first`,
          },
        ]
      : [];
  const findings = text.split("\n").flatMap((line, index): Finding[] => {
    const [, key = "", value = ""] =
      /^\s*(?:- )?"?([^"\s#][^"]*?)"?:(?:\s+"?([^"#]*?)"?\s*)?(?:#.*)?$/.exec(line) ?? [];
    const place = { file: mainFile, line: index + 1 };
    return lineFindings(plan, key, value).map(({ weight, fact }) => ({ weight, fact, place }));
  });
  return {
    findings: [...invalid, ...findings],
    unseen: ["files that !file includes", "paths in a flow of YAML, such as { /: { … } }"],
  };
}

/** What a key of the file means for the application. */
function lineFindings(plan: RoutingPlan, key: string, value: string): Pick<Finding, "weight" | "fact">[] {
  const { mount, port, part, maxBodyBytes } = plan.deployment;
  if (part === "whole") {
    return key === "port" && value === String(port)
      ? [
          {
            weight: "stops",
            fact: `H2O listens on port ${port}: choose another --port, or add the application to its host with --into`,
          },
        ]
      : [];
  }
  if (key === "limit-request-body" && Number(value) < maxBodyBytes)
    return [
      { weight: "note", fact: `limit-request-body ${value} is below the ${maxBodyBytes} of the application` },
    ];
  if (key === "paths") return [{ weight: "note", fact: "a host: its paths are the place for the line" }];
  const served = key === "file.dir" ? servedByTheSite(plan, value) : undefined;
  if (served !== undefined) return [{ weight: served.weight, fact: `file.dir ${value} ${served.fact}` }];
  const path = key.replace(/\/+$/, "");
  if (!key.startsWith("/") || !isBelow(path, mount)) return [];
  if (path === mount && !value.startsWith("!file"))
    return [
      {
        weight: "stops",
        fact: `the path ${key} exists: H2O refuses a second one, or takes the application's for it`,
      },
    ];
  if (path === mount) return [];
  return [
    {
      weight: mayProtectBelow(plan, path) ? "stops" : "note",
      fact: `the path ${key} answers its paths, not the application`,
    },
  ];
}
