// What a beginner sees on the terminal after a mistake: a sentence, its place, and where it is explained.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tricorn-mistakes-"));

const installed = join(folder, "node_modules/tricorn");

beforeAll(() => {
  // As published: bundled, without source lines that could be shown.
  mkdirSync(installed, { recursive: true });
  for (const name of ["src", "scripts", "package.json", "tsconfig.json"])
    cpSync(join(root, name), join(installed, name), {
      recursive: true,
      // Tools in scripts/ are installed there.
      filter: (path) => basename(path) !== "node_modules",
    });
  symlinkSync(join(root, "node_modules"), join(installed, "node_modules"));
  expect(spawnSync(process.execPath, [join(installed, "scripts/bundle.mjs")]).status).toBe(0);
  for (const library of ["express", "hono", "koa", "fastify", "@oxc-node"]) {
    symlinkSync(join(root, "node_modules", library), join(folder, "node_modules", library));
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const compilerOptions = { experimentalDecorators: true, emitDecoratorMetadata: true, target: "es2022" };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a program and returns what it writes to standard error, with the program's own path as `main.ts`. */
function run(program: string): string {
  const path = join(folder, "main.ts");
  writeFileSync(path, program);
  const register = join(root, "node_modules/@oxc-node/core/register.mjs");
  const { status, stderr, stdout } = spawnSync(process.execPath, ["--import", register, path], {
    cwd: folder,
    encoding: "utf8",
  });
  expect([status, stdout]).toEqual([1, ""]);
  return stderr.replaceAll(`file://${path}`, "main.ts").replaceAll(path, "main.ts");
}

const hello = `import { Get, Path, Responder, Use, Req, createApplication, serve } from "tricorn";
@Responder()
class Hello {
  @Get("/")
  hello() {
    return "Hello";
  }
}
`;

describe("serve says in one sentence, with its place and its code, that", () => {
  test.each([
    [
      "an Express application is not a list",
      'import express from "express";\nimport { serve } from "tricorn";\nawait serve(express(), 0);',
      'Cannot create application: an Express application is not a list of controllers; wrap it with nodeListener(…) from "tricorn/adapters"',
      "3:7",
      "ERR_CONTROLLER",
    ],
    [
      "nor is one of Hono",
      'import { Hono } from "hono";\nimport { serve } from "tricorn";\nawait serve(new Hono(), 0);',
      'Cannot create application: an instance of Hono is not a list of controllers; wrap it with fetchHandler(…) from "tricorn/adapters"',
      "3:7",
      "ERR_CONTROLLER",
    ],
    [
      "nor one of Koa, in the list",
      'import Koa from "koa";\nimport { serve } from "tricorn";\nawait serve([new Koa()], 0);',
      "Cannot compile controllers: item 1 of the list is an instance of Application, not a class; wrap it with nodeListener(…) " +
        'from "tricorn/adapters": nodeListener(app.callback())',
      "3:7",
      "ERR_CONTROLLER",
    ],
    [
      "nor one of Fastify",
      'import fastify from "fastify";\nimport { serve } from "tricorn";\nawait serve([fastify()], 0);',
      "Cannot compile controllers: item 1 of the list is a plain object, not a class; wrap it with nodeListener(…) " +
        'from "tricorn/adapters": nodeListener(app.routing), after await app.ready()',
      "3:7",
      "ERR_CONTROLLER",
    ],
    [
      "a listener is not a controller",
      'import { serve } from "tricorn";\nawait serve([function listen(req, res) { res.end(); }], 0);',
      "Cannot compile controllers: item 1 of the list is the function listen, not a class; wrap a node:http listener with " +
        'nodeListener(…) or a fetch function with fetchHandler(…), both from "tricorn/adapters"; otherwise list the controller classes themselves',
      "2:7",
      "ERR_CONTROLLER",
    ],
    [
      "nothing is listed",
      'import { serve } from "tricorn";\nawait serve([], 0);',
      "Cannot serve application: nothing in it answers requests; list a class with @Responder, @Authorizer or @Filter",
      "2:7",
      "ERR_CONTROLLER",
    ],
    [
      "nothing is given",
      'import { serve } from "tricorn";\nawait serve();',
      "Cannot create application: there are no controllers; list them: [Hello]",
      "2:7",
      "ERR_CONTROLLER",
    ],
    [
      "an object with a fetch function is not a list",
      'import { serve } from "tricorn";\nawait serve({ fetch: () => new Response("x") }, 0);',
      'Cannot create application: a plain object is not a list of controllers; wrap it with fetchHandler(…) from "tricorn/adapters": ' +
        "fetchHandler(object.fetch)",
      "2:7",
      "ERR_CONTROLLER",
    ],
    [
      "nor is it a part of one",
      'import { serve } from "tricorn";\nawait serve([{ fetch: () => new Response("x") }], 0);',
      'Cannot compile controllers: item 1 of the list is a plain object, not a class; wrap it with fetchHandler(…) from "tricorn/adapters": ' +
        "fetchHandler(object.fetch)",
      "2:7",
      "ERR_CONTROLLER",
    ],
    [
      "a class stands alone",
      `${hello}await serve(Hello, 0);`,
      "Cannot create application: Hello is not a list of controllers; write [Hello]",
      "9:7",
      "ERR_CONTROLLER",
    ],
    [
      "a list is not awaited",
      `${hello}await serve(Promise.resolve([Hello]), 0);`,
      "Cannot create application: a Promise is not a list of controllers; await it",
      "9:7",
      "ERR_CONTROLLER",
    ],
    [
      "an instance is listed",
      `${hello}await serve([new Hello()], 0);`,
      "Cannot compile controllers: item 1 of the list is an instance of Hello, not a class; list the controller classes themselves",
      "9:7",
      "ERR_CONTROLLER",
    ],
    [
      "a module is listed",
      'import * as all from "node:path/posix";\nimport { serve } from "tricorn";\nawait serve([all], 0);',
      /^Cannot compile controllers: item 1 of the list is a whole module, not a class; list what it exports: \[.*\]$/,
      "3:7",
      "ERR_CONTROLLER",
    ],
    [
      "a name in the list is undefined",
      `${hello}await serve([Hello, undefined], 0);`,
      "Cannot compile controllers: item 2 of the list is undefined, not a class; check that its file exports it, and that the " +
        "two files do not import each other",
      "9:7",
      "ERR_CONTROLLER",
    ],
    [
      "a class plays no role",
      'import { serve } from "tricorn";\nclass Hello {}\nawait serve([Hello], 0);',
      "Cannot compile Hello: it has no role; decorate it with @Responder, @Authorizer or @Filter",
      "3:7",
      "ERR_ROLE_MISSING",
    ],
    [
      "a responder has no route",
      'import { Responder, serve } from "tricorn";\n@Responder()\nclass Hello {}\nawait serve([Hello], 0);',
      "Cannot compile Hello: it has no route; decorate a method with @Get, @Post, @Put, @Patch, @Delete or @Route",
      "2:2",
      "ERR_ROLE_EMPTY",
    ],
    [
      "a route captures another name",
      `import { Get, Path, Responder, serve } from "tricorn";
@Responder()
class Books {
  @Get("/:ib")
  show(@Path("id") id: string) {
    return id;
  }
}
await serve([Books], 0);`,
      'Cannot bind @Path("id") of Books.show: its route GET /:ib captures only "ib"; use a name from the path',
      "4:4",
      "ERR_BINDING_PATH",
    ],
    [
      "a type for the constructor is missing",
      `import { Get, Responder, serve } from "tricorn";
@Responder()
class Books {
  constructor(readonly title: string) {}
  @Get()
  show() {
    return this.title;
  }
}
await serve([Books], 0);`,
      "Cannot construct Books: parameter 0 of its constructor has the type String, which is not a class that can be injected; import " +
        'its class without "type", break a circular import with delay(), or name a token with @inject',
      "2:2",
      "ERR_DEPENDENCY_TYPE",
    ],
    [
      "the options are another function's",
      `${hello}await serve([Hello], 0, { timeouts: { handler: 1000 } });`,
      "Cannot serve: serve has no option timeouts.handler; write createApplication({ timeouts: { handler } })",
      "9:7",
      "ERR_OPTION",
    ],
    [
      "an option is misspelt",
      `${hello}await serve([Hello], 0, { allowedPeer: ["10.0.0.1"] });`,
      "Cannot serve: serve has no option allowedPeer; did you mean allowedPeers?",
      "9:7",
      "ERR_OPTION",
    ],
    [
      "an option stands outside its group",
      `${hello}await serve([Hello], 0, { bodyBytes: 1 });`,
      "Cannot serve: serve has no option bodyBytes; write serve(application, address, { limits: { bodyBytes } })",
      "9:7",
      "ERR_OPTION",
    ],
    [
      "the options stand in place of the address",
      `${hello}await serve([Hello], { limits: {} });`,
      "Cannot serve: the second argument is the address, the third one the options; write serve(application, undefined, " +
        "options) for the default address",
      "9:7",
      "ERR_ADDRESS",
    ],
    [
      "the address is invalid",
      `${hello}await serve([Hello], "9000x");`,
      'Cannot parse address: "9000x" is not one of 9000, host:9000, [::1]:9000, unix:/path, /path, fd:0',
      "9:7",
      "ERR_ADDRESS",
    ],
    [
      "the folder of the socket is missing",
      `${hello}await serve([Hello], "/no-such-folder/app.sock");`,
      "Cannot listen on unix:/no-such-folder/app.sock: there is no folder /no-such-folder",
      "9:7",
      "ERR_LISTEN",
    ],
  ])("%s", (_name, program, sentence, place, code) => {
    const [first, ...rest] = run(program).trimEnd().split("\n");
    expect(first).toMatch(sentence instanceof RegExp ? sentence : new RegExp(`^${escaped(sentence)}`));
    expect(rest).toEqual([
      `    at main.ts:${place}`,
      `    ${code}: see tricorn/docs/errors.md#${code.toLowerCase()}`,
    ]);
  });

  test("a constructor threw, with the stack of the program only", () => {
    const program = `import { Get, Responder, serve } from "tricorn";
@Responder()
class Books {
  constructor() {
    throw new Error("no key");
  }
  @Get()
  show() {}
}
await serve([Books], 0);`;
    expect(run(program).trimEnd().split("\n")).toEqual([
      "Cannot construct Books: no key",
      "    at main.ts:10:7",
      "    ERR_DEPENDENCY_FAILED: see tricorn/docs/errors.md#err_dependency_failed",
      "  Error: no key",
      "    at new Books (main.ts:5:11)",
    ]);
  });
});

describe("a decorator reports with its place, and without frames of the package, that", () => {
  const member = (decorated: string): string =>
    `import { Body, Get, Path, Req, Responder, Use } from "tricorn";
class Hello {
  ${decorated}
}
export { Body, Get, Hello, Path, Req, Responder, Use };`;

  test.each([
    [
      "@Responder has no parentheses",
      "@Responder to Hello",
      'import { Responder } from "tricorn";\n@Responder\nclass Hello {}',
    ],
    [
      "@Authorizer has none",
      "@Authorizer to Hello",
      'import { Authorizer } from "tricorn";\n@Authorizer\nclass Hello {}',
    ],
    ["@Filter has none", "@Filter to Hello", 'import { Filter } from "tricorn";\n@Filter\nclass Hello {}'],
    ["@Use on a class has none", "@Use to Hello", 'import { Use } from "tricorn";\n@Use\nclass Hello {}'],
    ["@Get has none", "@Get to Hello.hello", member("@Get\n  hello() {}")],
    ["@Use on a method has none", "@Use to Hello.hello", member("@Use\n  hello() {}")],
    ["@Path has none", "@Path to Hello.hello", member("hello(@Path id) {}")],
    ["@Req has none", "@Req to Hello.hello", member("hello(@Req id) {}")],
    ["@Body has none", "@Body to Hello.hello", member("hello(@Body id) {}")],
    ["@Body.text has none", "@Body.text to Hello.hello", member("hello(@Body.text id) {}")],
  ])("%s", (_name, what, program) => {
    const text = run(program);
    const [, decorator = ""] = /^(\S+) to/.exec(what)!;
    expect(text).toContain(
      `\nConfigurationError: Cannot apply ${what}: it has no parentheses; write ${decorator}() or ${decorator}(…)\n`,
    );
    expect(text).toContain("code: 'ERR_DECORATOR_CALL'");
    expect(text).toMatch(/place: 'main\.ts:\d+:\d+'/);
    expect(text).not.toContain(installed);
  });

  test("it is on a static member", () => {
    const text = run(member('@Get("/")\n  static hello() {}'));
    expect(text).toContain("Cannot apply @Get to static Hello.hello: make it an instance method");
    expect(text).toContain("place: 'main.ts:3:4'");
    expect(text).not.toContain(installed);
  });

  test.each([
    ["a method", 'Get("/")', '{ kind: "method", name: "hello", addInitializer() {} }', "@Get to hello"],
    [
      "a class",
      "Responder()",
      '{ kind: "class", name: "Hello", addInitializer() {} }',
      "@Responder to Hello",
    ],
    [
      "a class, by Use",
      "Use(() => {})",
      '{ kind: "class", name: "Hello", addInitializer() {} }',
      "@Use to Hello",
    ],
  ])("%s is a TC39 decorator, without experimentalDecorators", (_name, decorator, context, what) => {
    // The compiled form: the decorator is called with the value and a context.
    const text = run(`import { Get, Responder, Use } from "tricorn";
class Hello {}
${decorator}(Hello, ${context});
export { Get, Responder, Use };`);
    expect(text).toContain(
      `Cannot apply ${what}: its file was compiled without "experimentalDecorators"; set that and "emitDecoratorMetadata" to true in ` +
        "the tsconfig.json that its compiler reads",
    );
    expect(text).toContain("code: 'ERR_DECORATOR_STANDARD'");
    expect(text).toContain("place: 'main.ts:3:1'");
    expect(text).not.toContain(installed);
  });
});

test("createApplication shows the line of the program, and none of the package", () => {
  const text = run(
    `${hello}export const application = createApplication({ controllers: [Hello], timeout: {} });`,
  );
  expect(text).toContain("main.ts:9\nexport const application = createApplication(");
  expect(text).toContain("createApplication has no option timeout; did you mean timeouts?");
  expect(text).toContain("document: 'tricorn/docs/errors.md#err_option'");
  expect(text).not.toContain(installed);
});

describe("an uncaught error of a gateway is reported like one of serve, in one sentence:", () => {
  const gateway = (options: string): string =>
    `import { Gateway } from "tricorn/gateway";
const routes = { protect: [], filter: [], respond: [] };
const gateway = new Gateway(${options});
await gateway.listen();`;
  const good = 'application: 9000, root: ".", routes';

  const mistakes: readonly (readonly [string, string, string, string, string])[] = [
    [
      "PORT is not a number",
      `{ ${good}, port: Number("abc") }`,
      "Cannot listen: the port is NaN, the result of Number(…) for text that is not a number; use a number such as 8080, or " +
        "check PORT in the environment",
      "3:17",
      "ERR_GATEWAY_LISTEN",
    ],
    [
      "the port is too large",
      `{ ${good}, port: 70000 }`,
      "Cannot listen: the port 70000 is not an integer from 0 to 65535; use a number such as 8080, or check PORT in " +
        "the environment",
      "3:17",
      "ERR_GATEWAY_LISTEN",
    ],
    [
      "its root is not there",
      '{ application: 9000, root: "publik", routes, port: 0 }',
      'Cannot serve files of "publik": it does not exist, or this process may not enter it; name a folder that exists and is readable',
      "4:15",
      "ERR_DOCUMENT_ROOT",
    ],
    [
      "it has no root",
      "{ application: 9000, routes }",
      'Cannot create gateway: root is missing; set the folder of the static files: root: "public"',
      "3:17",
      "ERR_DOCUMENT_ROOT",
    ],
    [
      "it has no application",
      '{ root: ".", routes }',
      "Cannot create gateway: application is missing; set the address where it listens: application: address",
      "3:17",
      "ERR_ADDRESS",
    ],
    [
      "the address of its application is invalid",
      '{ application: "9000x", root: ".", routes }',
      'Cannot parse address: "9000x" is not one of 9000, host:9000, [::1]:9000, unix:/path, /path, fd:0',
      "3:17",
      "ERR_ADDRESS",
    ],
    [
      "an option is misspelt",
      "{ route: {} }",
      "Cannot create gateway: Gateway has no option route; did you mean routes?",
      "3:17",
      "ERR_OPTION",
    ],
    [
      "it has no routes",
      '{ application: 9000, root: "." }',
      "Cannot create gateway: routes are missing; use routes: routesOf(application.description)",
      "3:17",
      "ERR_GATEWAY_ROUTE",
    ],
    [
      "its routes lack a list",
      '{ application: 9000, root: ".", routes: { respond: ["/"], filter: [] } }',
      "Cannot create gateway: routes.protect is missing; use routes: routesOf(application.description)",
      "3:17",
      "ERR_GATEWAY_ROUTE",
    ],
    [
      "a list of its routes is misspelt",
      '{ application: 9000, root: ".", routes: { protects: ["/**"], filter: [], respond: [] } }',
      "Cannot create gateway: routes has no option protects; did you mean protect?",
      "3:17",
      "ERR_OPTION",
    ],
  ];

  const lines = (sentence: string, place: string, code: string): readonly string[] => [
    sentence,
    `    at main.ts:${place}`,
    `    ${code}: see tricorn/docs/errors.md#${code.toLowerCase()}`,
  ];

  test.each(mistakes)("%s", (_name, options, sentence, place, code) => {
    expect(run(gateway(options)).trimEnd().split("\n")).toEqual(lines(sentence, place, code));
  });

  test("its port is in use, and the address appears once", () => {
    const program = `import { createServer } from "node:net";
import { once } from "node:events";
import { Gateway } from "tricorn/gateway";
const other = createServer().listen(0, "127.0.0.1");
await once(other, "listening");
const port = other.address().port;
await new Gateway({ application: 9000, root: ".", routes: { protect: [], filter: [], respond: [] }, port }).listen();`;
    const [sentence, ...details] = run(program).trimEnd().split("\n");
    expect(sentence).toMatch(
      /^Cannot listen on 127\.0\.0\.1:\d+: another program listens there; stop it, or choose another port$/,
    );
    expect(details).toEqual(lines("", "7:109", "ERR_GATEWAY_LISTEN").slice(1));
  });

  test("something is wrong, beside a running application", () => {
    const program = `${hello}${gateway('{ application: 9000, root: ".", routes, port: NaN }').replace(
      "const gateway",
      "await serve([Hello], 0);\nconst gateway",
    )}`;
    const told = run(program)
      .trimEnd()
      .split("\n")
      .filter((line) => !line.includes('"msg":"Listening on '));
    expect(told).toEqual(lines(mistakes[0]![2], "12:17", "ERR_GATEWAY_LISTEN"));
  });

  test("nothing, if the program catches it", () => {
    const text = run(`import { Gateway } from "tricorn/gateway";
try { new Gateway({}); } catch (error) { console.error(error.code); }
await new Gateway({ application: 9000, root: "publik", routes: { protect: [], filter: [], respond: [] } })
  .listen()
  .catch((error) => console.error(error.code));
process.exitCode = 1;`);
    expect(text).toBe("ERR_DOCUMENT_ROOT\nERR_DOCUMENT_ROOT\n");
  });
});

test.each([
  ["sendfile", 'sendfile({ via: "X-Sendfile", root: "files" });', "is not an absolute path", "2:1"],
  ["nodeListener", "nodeListener(() => {}, { paths: 1 });", "did you mean path?", "2:1"],
  ["fetchHandler", "fetchHandler(() => {}, { bodyByte: 1 });", "did you mean bodyBytes?", "2:1"],
  ["FastCgiClient", "new FastCgiClient({ adress: 9000 });", "did you mean address?", "2:1"],
  ["@Responder", 'Responder("/a", { scop: "request" })(class {});', "did you mean scope?", "2:1"],
  ["@Authorizer", 'Authorizer({ path: "/a/**" })(class {});', "did you mean paths?", "2:1"],
  ["@Filter", 'Filter("*.txt", { typ: "text/plain" })(class {});', "did you mean type?", "2:1"],
  ["@Get", 'Get("/x", { typ: "text/csv" });', "did you mean type?", "2:1"],
  ["@Route", 'Route("GET", "/x", { stream: true });', "did you mean streams?", "2:1"],
])(
  "%s refuses invalid input with the place of the call, and without frames of the package",
  (name, call, fact, place) => {
    const from = name.endsWith("Client")
      ? "tricorn/client"
      : /[rL]istener|fetch/.test(name)
        ? "tricorn/adapters"
        : "tricorn";
    const text = run(`import { ${name.replace("@", "")} } from "${from}";\n${call}`);
    expect(text).toContain(fact);
    expect(text).toContain(`place: 'main.ts:${place}'`);
    expect(text).not.toContain(installed);
  },
);

test("a failure of onStart is reported with its code", () => {
  const program = `import { Get, Responder, serve } from "tricorn";
@Responder()
class Books {
  onStart() {
    throw new Error("no database");
  }
  @Get()
  show() {}
}
await serve([Books], 0);`;
  expect(run(program).trimEnd().split("\n").slice(0, 4)).toEqual([
    "Cannot start application: onStart of Books failed: no database",
    "    ERR_START: see tricorn/docs/errors.md#err_start",
    "  Error: no database",
    expect.stringMatching(/^ {4}at Books\.onStart \(main\.ts:5:11\)$/),
  ]);
});

test.each([
  ["catches it", "await serve([], 0).catch((error) => console.error(error.code));"],
  [
    "listens to uncaught errors",
    'process.on("uncaughtException", ({ code }) => { console.error(code); process.exitCode = 1; });\nawait serve([], 0);',
  ],
])("a program that %s keeps running", (_name, program) => {
  const text = run(`import { serve } from "tricorn";\n${program}\nprocess.exitCode = 1;`);
  expect(text).toContain("\nERR_CONTROLLER\n");
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
