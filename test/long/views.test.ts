// An authorizer decides about a request and a responder answers it, each by what it makes of the same params. Where the
// two make different things of them, the authorizer is passed by.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Definition } from "../../src/roles/definitions.js";
import { openDispatcher } from "../../src/bridges/open-dispatcher.js";
import { Roles } from "../../src/roles/roles.js";
import { decodePath, normalizePath } from "../../src/paths/plain-path.js";
import { allow, deny } from "../../src/roles/verdict.js";
import { Server } from "../../src/server/server.js";
import { seenByAuthorizer, seenByResponder, type Seen } from "../support/fixtures/seen.js";
import { MemoryTransport } from "../support/memory-transport.js";
import { authorize, get } from "../support/records.js";
import { responder } from "../support/routes.js";
import { capturedLog } from "../support/served.js";

type Variables = Readonly<Record<string, string>>;

/** What a Web server makes of a target beside REQUEST_URI: SCRIPT_NAME, PATH_INFO and the like. */
type Style = (path: string) => Variables;

/** What a location of nginx and a condition of lighttpd are compared with, in words of our own. */
function asServersResolve(path: string): string | undefined {
  const segments: string[] = [];
  for (const segment of decodeURIComponent(path).split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return `/${segments.join("/")}`;
}

const decoded = (path: string): string => decodePath(path) ?? path;
const resolved = (path: string): string => normalizePath(path) ?? path;

/** Divides a path in front of which an application is mounted at /app. */
function divided(path: string, mount: RegExp = /^\/app(?=\/|$)/): Variables {
  const match = mount.exec(path);
  if (match === null) return { SCRIPT_NAME: path };
  const end = match.index + match[0].length;
  return { SCRIPT_NAME: path.slice(0, end), PATH_INFO: path.slice(end) };
}

/** As the fixtures show it. */
const styles: readonly (readonly [string, Style])[] = [
  ["nginx and ProxyPass: the whole path, resolved", (path) => ({ SCRIPT_NAME: resolved(path) })],
  ["nginx, lighttpd, mod_fcgid: divided, resolved", (path) => divided(resolved(path))],
  ["Apache: encoded slashes stay", (path) => divided(path.split(/%2f/i).map(resolved).join("%2F"))],
  ["HAProxy and Caddy: divided, not resolved", (path) => divided(decoded(path), /\/app(?=\/|$)/)],
  ["Jetty: divided, not decoded", (path) => divided(path)],
  ["H2O and lighttpd at the root: all of it", (path) => ({ SCRIPT_NAME: "", PATH_INFO: resolved(path) })],
  [
    "Caddy: the mount is cut off",
    (path) => ({ SCRIPT_NAME: "", PATH_INFO: divided(decoded(path))["PATH_INFO"] ?? decoded(path) }),
  ],
  ["SetHandler: the first segment", (path) => divided(resolved(path), /^\/[^/]*/)],
];

/** What was seen with the path as a whole: authorizers are not told where PATH_INFO divides it (section 6.3). */
function whole({ mount, path, ...rest }: Seen): object {
  return { ...rest, whole: (mount + path).replace(/\/$/, "") };
}

/** Pieces of segments: names that are protected and names that are not, and what servers make different things of. */
const names = ["members", "%6dembers", "MEMBERS", "card", "desk", "public", "app", "%61pp", "7", "edit"];
const dots = [".", "..", "%2e", "%2E.", "", "%2F..", "..%2f"];
const slashes = ["%2F", "%2f", "7%2Fedit", "%5C", "\\"];
const others = [";x", "#", "%23", "?", "%3F", "%00", "%25", "%252F", "%0A", "é", "%C3%A9", "%E4", "%zz"];
const tricks = [...dots, ...slashes, ...others];
const segment = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...names) },
  { weight: 2, arbitrary: fc.constantFrom(...tricks) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...names, ...tricks), fc.constantFrom(...tricks))
      .map((two) => two.join("")),
  },
);
const starts = ["", "/app", "/app", "//app", "/%61pp", "/public/../app", "/app/public/..", "http://host/app"];
const targets = fc
  .tuple(fc.constantFrom(...starts), fc.array(segment, { maxLength: 4 }))
  .map(([start, segments]) => `${start}/${segments.join("/")}`);

/** The last route that was run, and what it saw; and the same of the gates. */
interface Views {
  ran: string | undefined;
  routed: Seen | undefined;
  decided: Seen | undefined;
}

const ROUTES =
  "/members /members/* /members/:id/edit /card /desk/:one /public/* /:one /:one/:two /:one/:two/:three /".split(
    " ",
  );
/** The routes that somebody denies. */
const PROTECTED = /^\/(?:members|card|desk)/;

function definitionsFor(views: Views): readonly Definition[] {
  const routes = ROUTES.map((route) => [
    `GET ${route}`,
    async (request: Parameters<typeof seenByResponder>[0]) => {
      views.ran = route;
      views.routed = await seenByResponder(request);
      return "";
    },
  ]);
  return [
    responder(Object.fromEntries(routes) as Parameters<typeof responder>[0]),
    {
      kind: "authorizer",
      name: "Everybody",
      paths: [],
      authorize: (request) => {
        views.decided = seenByAuthorizer(request);
        return allow();
      },
    },
    ...["/members/**", "/card", "/desk/*"].map((glob): Definition => {
      return { kind: "authorizer", name: glob, paths: [glob], authorize: () => deny() };
    }),
  ];
}

describe.each([
  ["with its mount declared", "/app"],
  ["at the root", ""],
])("an application %s", (_, mount) => {
  const views: Views = { ran: undefined, routed: undefined, decided: undefined };
  let server: Server;

  beforeAll(async () => {
    const { log } = capturedLog();
    const roles = new Roles(definitionsFor(views), { log, mount });
    server = new Server(await openDispatcher(roles), { log });
  });
  afterAll(() => server.close());

  const ask = async (bytes: Buffer): Promise<number> => {
    const transport = new MemoryTransport();
    server.accept(transport);
    transport.push(bytes);
    await transport.answered(1);
    transport.destroy();
    return transport.answers[0]![1].status;
  };

  /** Asks as an authorizer, then as a responder with what section 6.3 keeps from authorizers. */
  const look = async (target: string, more: Variables): Promise<{ isAllowed: boolean }> => {
    Object.assign(views, { ran: undefined, routed: undefined, decided: undefined });
    const isAllowed = (await ask(authorize(1, target))) === 200;
    await ask(get(1, target, { params: more }));
    return { isAllowed };
  };

  describe.each([...styles, ["whatever a server makes of it", undefined] as const])(
    "behind %s",
    (_, style) => {
      const anything = fc.record({ SCRIPT_NAME: targets, PATH_INFO: targets });
      const variablesOf = (target: string, some: Variables): Variables =>
        style?.(target.replace(/^http:\/\/host/, "").replace(/\?.*/s, "")) ?? some;

      test("runs no route that its authorizer would have denied", async () => {
        await fc.assert(
          fc.asyncProperty(targets, anything, async (target, some) => {
            const { isAllowed } = await look(target, variablesOf(target, some));
            if (isAllowed) expect(views.ran ?? "").not.toMatch(PROTECTED);
          }),
          { numRuns: 1_000 },
        );
      });

      test("shows both the same request", async () => {
        await fc.assert(
          fc.asyncProperty(targets, anything, async (target, some) => {
            await look(target, variablesOf(target, some));
            const { routed, decided } = views;
            if (routed === undefined || decided === undefined) return;
            expect(whole(decided)).toEqual(whole(routed));
            if (mount !== "") expect(decided).toEqual(routed);
          }),
          { numRuns: 300 },
        );
      });
    },
  );

  test("allows no file that its authorizer denies under the Web server's path", async () => {
    await fc.assert(
      fc.asyncProperty(targets, async (target) => {
        const { isAllowed } = await look(target, {});
        const [path = ""] = target.replace(/^http:\/\/host/, "").split("?");
        const file = isAllowed ? asServersResolve(path) : undefined;
        if (file !== undefined)
          expect(file).not.toMatch(new RegExp(`^${mount}/(?:members(?:/|$)|card$|desk/[^/]+$)`));
      }),
      { numRuns: 3_000 },
    );
  });

  test("runs no route for a path that the Web server maps elsewhere", async () => {
    await fc.assert(
      fc.asyncProperty(targets, async (target) => {
        await look(target, {});
        const [place] = PROTECTED.exec(views.ran ?? "") ?? [];
        if (place === undefined) return;
        const [path = ""] = target.replace(/^http:\/\/host/, "").split("?");
        // By this nginx and lighttpd protect, and Apache where it decodes slashes.
        expect(asServersResolve(path)?.startsWith(mount + place)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("an application whose mount follows only from PATH_INFO", () => {
  const visit = async (
    definitions: readonly Definition[],
    { mount, target }: { readonly mount: string; readonly target: string } = {
      mount: "/public/app",
      target: "/public/app/members",
    },
  ): Promise<{ status: number; paths: string[] }> => {
    const { log } = capturedLog();
    const paths: string[] = [];
    const answer = responder({ "GET /*": ({ path, mount }) => void paths.push(`${mount} ${path}`) });
    const roles = new Roles([answer, ...definitions], { log });
    const server = new Server(await openDispatcher(roles), { log });
    const transport = new MemoryTransport();
    server.accept(transport);
    transport.push(get(1, target, { params: { SCRIPT_NAME: mount, PATH_INFO: "/members" } }));
    await transport.answered(1);
    transport.destroy();
    await server.close();
    return { status: transport.answers[0]![1].status, paths };
  };
  const gate = (...paths: string[]): Definition => {
    return { kind: "authorizer", name: "Gate", paths, authorize: () => allow() };
  };

  test.each([
    ["has no authorizer", []],
    ["has one for everything, which was asked about the whole path", [gate()]],
    ["has one for something else", [gate("/staff/**")]],
  ])("is answered if it %s", async (_, definitions) => {
    expect(await visit(definitions)).toEqual({ status: 204, paths: ["/public/app /members"] });
  });

  test("is refused if an authorizer covers paths below it, which cannot have been asked", async () => {
    expect(await visit([gate("/members")])).toEqual({ status: 403, paths: [] });
    expect(await visit([gate("/public/**"), gate("/members")])).toEqual({ status: 403, paths: [] });
  });

  test.each([
    ["other letters", "/MEMBERS/x.app", "/MEMBERS/x.app/members"],
    ["an encoded slash", "/members/x.app", "/members%2Fx.app/members"],
  ])(
    "is refused if the authorizer covers the whole path only by %s, which a Web server may not do",
    async (_, mount, target) => {
      expect(await visit([gate("/members", "/members/**")], { mount, target })).toEqual({
        status: 403,
        paths: [],
      });
    },
  );
});
