import { z } from "zod";

import type { Examined, Examiner, ExamineOptions, Finding, Place } from "../existing/examiner.js";
import { isBelow, mayProtectBelow, servedByTheSite } from "../existing/overlap.js";
import type { RoutingPlan } from "../plan/plan.js";

/** Looks at what `caddy adapt` shows, which has no lines: those are looked for in the main file. */
export const caddyExaminer: Examiner = { mainFile: "/etc/caddy/Caddyfile", examine };

const Matcher = z.looseObject({
  host: z.array(z.string()).optional(),
  path: z.array(z.string()).optional(),
});
const Handler = z.looseObject({
  handler: z.string(),
  root: z.string().optional(),
  max_size: z.number().optional(),
  status_code: z.union([z.number(), z.string()]).optional(),
  get routes() {
    return z.array(Route).optional();
  },
});
const Route = z.looseObject({
  group: z.string().optional(),
  match: z.array(Matcher).optional(),
  get handle(): z.ZodOptional<z.ZodArray<typeof Handler>> {
    return z.array(Handler).optional();
  },
});
const Adapted = z.looseObject({
  apps: z
    .looseObject({
      http: z
        .looseObject({
          servers: z
            .record(
              z.string(),
              z.looseObject({ listen: z.array(z.string()).optional(), routes: z.array(Route).optional() }),
            )
            .optional(),
        })
        .optional(),
    })
    .optional(),
});
type Route = z.output<typeof Route>;

async function examine({ plan, mainFile, view }: ExamineOptions): Promise<Examined | undefined> {
  const output = await view.output("caddy", ["adapt", "--config", mainFile, "--adapter", "caddyfile"]);
  const adapted = output === undefined ? undefined : Adapted.safeParse(parseJson(output)).data;
  if (adapted === undefined) return undefined;
  const lines = (await view.text(mainFile))?.split("\n") ?? [];
  const servers = Object.values(adapted.apps?.http?.servers ?? {});
  const routes = servers.flatMap((server) => server.routes ?? []);
  const seeing: Seeing = { plan, placeOf: (words) => placeOf(words, { file: mainFile, lines }) };
  const findings =
    plan.deployment.part === "whole"
      ? servers.flatMap(({ listen = [] }) => portFindings(seeing, listen))
      : sitesOf(plan, routes).flatMap((route) => routeFindings(seeing, route));
  return {
    findings: unique([...findings, ...routes.flatMap((route) => rootFindings(seeing, route))]),
    unseen: ["the lines of files that the Caddyfile imports", "what Caddy was given through its API"],
  };
}

/** The plan, and where the line of words is. */
interface Seeing {
  readonly plan: RoutingPlan;
  readonly placeOf: (words: readonly string[]) => Place | undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The only line with all of these words; undefined if there are none or several. */
function placeOf(
  words: readonly string[],
  { file, lines }: { readonly file: string; readonly lines: readonly string[] },
): Place | undefined {
  const found = lines.flatMap((line, index) => {
    const own = line.replace(/^\s*#.*/, "").split(/\s+/);
    return words.every((word) => own.includes(word)) ? [index + 1] : [];
  });
  return found.length === 1 ? { file, line: found[0]! } : undefined;
}

function unique(findings: readonly Finding[]): Finding[] {
  const keys = new Set<string>();
  return findings.filter((finding) => {
    const key = JSON.stringify(finding);
    if (keys.has(key)) return false;
    keys.add(key);
    return true;
  });
}

function portFindings({ plan, placeOf }: Seeing, listen: readonly string[]): Finding[] {
  const { port } = plan.deployment;
  if (!listen.some((address) => address.endsWith(`:${port}`))) return [];
  return [
    {
      weight: "stops",
      place: placeOf([`:${port}`, "{"]),
      fact: `Caddy listens on port ${port}: choose another --port, or add the application to this site with --into`,
    },
  ];
}

/** The routes of the site with the name of the deployment; all if there is none. */
function sitesOf({ deployment }: RoutingPlan, routes: readonly Route[]): readonly Route[] {
  const same = routes.filter(({ match = [] }) =>
    match.some(({ host = [] }) => host.includes(deployment.serverName)),
  );
  return same.length === 0 ? routes : same;
}

/** Whether a route is what --into has written. */
function isOwn({ match = [] }: Route): boolean {
  return JSON.stringify(match).includes("{http.request.orig_uri.path}");
}

function routeFindings(seeing: Seeing, route: Route): Finding[] {
  if (isOwn(route)) return [];
  const { match = [], handle = [], group } = route;
  const paths = match.flatMap(({ path = [] }) => path);
  const isFree = match.every(({ path }) => path === undefined);
  return [
    ...paths.flatMap((path) => pathFindings(seeing, { path, isHandle: group !== undefined })),
    ...(isFree || paths.some((path) => covers(path, seeing.plan.deployment.mount))
      ? handle.flatMap((handler) => handlerFindings(seeing, handler))
      : []),
    ...innerRoutes(route).flatMap((inner) => routeFindings(seeing, inner)),
  ];
}

function innerRoutes({ handle = [] }: Route): readonly Route[] {
  return handle.flatMap(({ routes = [] }) => routes);
}

/** Whether a path of Caddy, which may end with a star, covers the mount. */
function covers(path: string, mount: string): boolean {
  return path.endsWith("*") && mount.startsWith(path.slice(0, -1));
}

function pathFindings(
  { plan, placeOf }: Seeing,
  { path, isHandle }: { readonly path: string; readonly isHandle: boolean },
): Finding[] {
  const { mount } = plan.deployment;
  if (path.startsWith("*")) return [];
  const prefix = path.replace(/\/?\*$/, "");
  const place = placeOf([path]);
  if (isBelow(prefix, mount)) {
    return mayProtectBelow(plan, prefix)
      ? [
          {
            weight: "stops",
            place,
            fact: `${path} is answered first, and no authorizer of the application is asked`,
          },
        ]
      : [{ weight: "note", place, fact: `${path} is answered first, not by the application` }];
  }
  if (isHandle && covers(path, mount)) {
    return [
      { weight: "stops", place, fact: `${path} is handled first, so no request reaches the application` },
    ];
  }
  return [];
}

function handlerFindings({ plan, placeOf }: Seeing, handler: z.output<typeof Handler>): Finding[] {
  const { maxBodyBytes } = plan.deployment;
  const note = (place: Place | undefined, fact: string): Finding[] => [{ weight: "note", place, fact }];
  switch (handler.handler) {
    case "request_body":
      return handler.max_size !== undefined && handler.max_size < maxBodyBytes
        ? note(
            placeOf(["request_body", "{"]),
            `request_body takes ${handler.max_size} bytes, less than our ${maxBodyBytes}`,
          )
        : [];
    case "authentication":
      return note(placeOf(["basicauth"]), "the authentication of the site also applies to the application");
    case "static_response":
      return String(handler.status_code).startsWith("3")
        ? note(placeOf(["redir"]), "a redirect of the site comes first, also for the application")
        : [];
    default:
      return [];
  }
}

/** Folders that contain the files of the application, which the site serves without asking. */
function rootFindings(seeing: Seeing, route: Route): Finding[] {
  const { plan, placeOf } = seeing;
  if (isOwn(route)) return [];
  return [
    ...(route.handle ?? []).flatMap(({ root: folder = "" }): Finding[] => {
      const served = servedByTheSite(plan, folder);
      if (served === undefined) return [];
      return [
        { weight: served.weight, place: placeOf(["root", folder]), fact: `root ${folder} ${served.fact}` },
      ];
    }),
    ...innerRoutes(route).flatMap((inner) => rootFindings(seeing, inner)),
  ];
}
