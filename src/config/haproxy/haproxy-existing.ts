import type { Deployment } from "../deployment.js";
import type { Examined, Examiner, ExamineOptions, Finding } from "../existing/examiner.js";
import { ownName } from "../plan/own-name.js";
import { parseHaproxy, type HaproxyLine, type HaproxySection } from "./haproxy-parser.js";

/** HAProxy shows no configuration: looks at its file, and has HAProxy check it. */
export const haproxyExaminer: Examiner = { mainFile: "/etc/haproxy/haproxy.cfg", examine };

async function examine({ plan, mainFile, view }: ExamineOptions): Promise<Examined | undefined> {
  const { deployment } = plan;
  const text = await view.text(mainFile);
  if (text === undefined) return undefined;
  const sections = parseHaproxy(text, mainFile);
  const own = ownName(deployment);
  // A file that already uses the application is valid only together with its backend.
  const isUsed = sections.some((section) => named(section, "use_backend", own).length > 0);
  const backend = `${mainFile.slice(0, mainFile.lastIndexOf("/"))}/${own}.cfg`;
  const checked = await view.output("haproxy", [
    "-c",
    "-q",
    "-f",
    mainFile,
    ...(isUsed ? ["-f", backend] : []),
  ]);
  const frontends = sections.filter(({ kind }) => kind === "frontend" || kind === "listen");
  const findings =
    deployment.part === "whole"
      ? portFindings(deployment, frontends)
      : [
          ...nameFindings(deployment, sections),
          ...sections.flatMap((section) => bufferFindings(section)),
          ...frontends.flatMap((section) => frontendFindings(deployment, section)),
        ];
  const invalid: Finding[] =
    checked === undefined && view.unseenFor === "refused"
      ? [
          {
            weight: "stops",
            place: undefined,
            fact: `haproxy -c does not accept ${mainFile} as it is; mend it first`,
          },
        ]
      : [];
  return {
    findings: [...invalid, ...findings],
    unseen: ["files that HAProxy is given besides its main file", "files of maps, certificates and Lua"],
  };
}

function finding(
  weight: Finding["weight"],
  { file, line }: HaproxyLine | HaproxySection,
  fact: string,
): Finding {
  return { weight, place: { file, line }, fact };
}

function named({ lines }: HaproxySection, ...words: readonly string[]): readonly HaproxyLine[] {
  return lines.filter((line) => words.every((word, index) => line.words[index] === word));
}

function portFindings({ port }: Deployment, frontends: readonly HaproxySection[]): Finding[] {
  return frontends
    .flatMap((section) => named(section, "bind"))
    .filter(({ words }) => (words[1] ?? "").split(",").some((address) => address.endsWith(`:${port}`)))
    .map((bind) =>
      finding(
        "stops",
        bind,
        `HAProxy listens on port ${port}: choose another --port, or add the application to this frontend with --into`,
      ),
    );
}

function nameFindings(deployment: Deployment, sections: readonly HaproxySection[]): Finding[] {
  const own = ownName(deployment);
  return sections
    .filter(({ name }) => name === own)
    .map((section) =>
      finding("stops", section, `${section.kind} ${own} exists: HAProxy refuses a second one`),
    );
}

/** Headers are in one buffer; the application sends up to 8 KiB of them. */
function bufferFindings(section: HaproxySection): Finding[] {
  if (section.kind !== "global") return [];
  return named(section, "tune.bufsize")
    .filter(({ words }) => Number(words[1]) < 16_384)
    .map((line) => finding("note", line, `tune.bufsize ${Number(line.words[1])} is less than our 16384`));
}

/** Rules that end a request, or that change its path. */
const EARLY = new Set([
  "auth",
  "deny",
  "redirect",
  "reject",
  "replace-path",
  "replace-uri",
  "return",
  "set-path",
  "set-uri",
  "tarpit",
]);

function frontendFindings(deployment: Deployment, section: HaproxySection): Finding[] {
  const { kind, name, defaults, lines } = section;
  const setting = (...words: string[]): HaproxyLine | undefined =>
    named(section, ...words).at(-1) ?? (defaults && named(defaults, ...words).at(-1));
  if (setting("mode")?.words[1] === "tcp" || setting("mode") === undefined)
    return [finding("note", section, `${kind} ${name} has no mode http: it cannot select by path`)];
  const early = lines.filter(
    ({ words }) => words[0] === "redirect" || (words[0] === "http-request" && EARLY.has(words[1] ?? "")),
  );
  const [other] = named(section, "use_backend");
  const client = setting("timeout", "client");
  const isShort = client !== undefined && secondsOf(client.words[2] ?? "") < deployment.timeout;
  return [
    finding("note", section, `${kind} ${name}: a place for the line`),
    ...(other === undefined ? [] : [finding("note", other, "use_backend: our line comes before this one")]),
    ...early.map((line) =>
      finding("note", line, `${line.words[0]} ${line.words[1]} comes before every backend, also ours`),
    ),
    ...(isShort
      ? [finding("note", client, `timeout client ${client.words[2]} is less than our ${deployment.timeout}s`)]
      : []),
    ...(setting("option", "abortonclose") === undefined
      ? [
          finding(
            "note",
            defaults ?? section,
            `option abortonclose is missing for ${kind} ${name}: the application learns late that a client has disconnected`,
          ),
        ]
      : []),
  ];
}

/** A time of HAProxy in seconds, whose default unit is milliseconds; infinite if it is not one. */
function secondsOf(text: string): number {
  const [, amount, unit = "ms"] = /^(\d+)(us|ms|s|m|h|d)?$/.exec(text) ?? [];
  const factor = { us: 0.000_001, ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }[unit] ?? 1;
  return amount === undefined ? Number.POSITIVE_INFINITY : Number(amount) * factor;
}
