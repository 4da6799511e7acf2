import { ConfigurationError } from "../errors.js";

/** A public function that takes options: its options, and the words of an error about them. */
interface Taker {
  /** What fails, after "Cannot". */
  readonly cannot: string;
  /** What messages call it, by default its key. */
  readonly name?: string;
  /** How it is called with options, which replace `…`. */
  readonly call: string;
  /** Functions that may take an option that this one does not have. */
  readonly others?: readonly string[];
  /** Its option names; nested options use dotted paths. */
  readonly options: readonly string[];
}

/** The public functions that take options. */
const TAKERS = {
  createApplication: {
    cannot: "create application",
    call: "createApplication({ … })",
    others: ["serve"],
    options: [
      "controllers",
      "definitions",
      "middleware",
      "log",
      "stderr",
      "container",
      "mount",
      "timeouts",
      "timeouts.handler",
      "timeouts.authorizer",
      "limits",
      "limits.headBytes",
      "limits.headFields",
      "secrets",
    ],
  },
  serve: {
    cannot: "serve",
    call: "serve(application, address, { … })",
    others: ["createApplication"],
    options: [
      "signals",
      "bridges",
      "vouchesFor",
      "log",
      "accessLog",
      "slowLog",
      "allowedPeers",
      "socketAccess",
      "timeouts",
      "timeouts.params",
      "timeouts.body",
      "timeouts.send",
      "timeouts.abortGrace",
      "timeouts.halfClosed",
      "timeouts.idle",
      "timeouts.drain",
      "timeouts.shutdown",
      "limits",
      "limits.connections",
      "limits.requests",
      "limits.requestsPerConnection",
      "limits.paramsBytes",
      "limits.paramsCount",
      "limits.paramNameBytes",
      "limits.paramValueBytes",
      "limits.bodyBytes",
      "limits.bufferedPerRequest",
      "limits.bufferedPerConnection",
      "limits.bufferedPerServer",
      "limits.drainBytes",
    ],
  },
  supervise: {
    cannot: "supervise",
    call: "supervise(script, { … })",
    others: ["serve"],
    options: [
      "workers",
      "listen",
      "args",
      "execArgv",
      "directory",
      "recycle",
      "recycle.requests",
      "recycle.rss",
      "recycle.age",
      "drain",
      "startLimit",
      "user",
      "group",
      "umask",
      "hangReport",
      "slowLog",
      "control",
      "statusListen",
      "pidFile",
      "signals",
      "log",
    ],
  },
  testApplication: {
    cannot: "test application",
    call: "testApplication(application, { … })",
    others: ["createApplication", "serve"],
    options: ["bridges", "vouchesFor", "behind", "doubles", "log"],
  },
  testRequest: {
    cannot: "send request",
    name: "a test request",
    call: "respond(target, { … })",
    options: ["method", "headers", "cookies", "body", "scheme", "behind", "params", "signal"],
  },
  testQuestion: {
    cannot: "ask authorizer",
    name: "a question of a test",
    call: "authorize(target, { … })",
    others: ["testRequest"],
    options: ["method", "headers", "cookies", "scheme", "behind", "params", "signal"],
  },
  testFile: {
    cannot: "send file",
    name: "a test file",
    call: "filter(target, { … })",
    options: ["method", "headers", "cookies", "body", "scheme", "params", "signal", "data", "lastModified"],
  },
  behind: {
    cannot: "send request",
    name: "behind",
    call: "behind: { … }",
    options: ["server", "mount", "passesAuthorization"],
  },
  Gateway: {
    cannot: "create gateway",
    call: "new Gateway({ … })",
    options: [
      "application",
      "root",
      "routes",
      "unknown",
      "php",
      "mount",
      "host",
      "port",
      "timeouts",
      "timeouts.authorizer",
      "timeouts.close",
      "door",
      "log",
      "observe",
    ],
  },
  "Gateway.routes": {
    cannot: "create gateway",
    name: "routes",
    call: "routes: { … }",
    options: ["protect", "filter", "respond"],
  },
  "Gateway.php": {
    cannot: "create gateway",
    name: "php",
    call: "php: { … }",
    options: ["frontController", "root", "collectedBytes"],
  },
  FastCgiClient: {
    cannot: "create client",
    call: "new FastCgiClient({ … })",
    options: [
      "address",
      "connect",
      "keepConnection",
      "maxConnections",
      "multiplex",
      "requestsPerConnection",
      "timeouts",
      "timeouts.connect",
      "timeouts.response",
      "timeouts.abort",
      "timeouts.idle",
      "limits",
      "limits.headerBytes",
      "limits.headerCount",
      "limits.bufferedPerRequest",
      "limits.bufferedPerConnection",
      "limits.stderrBytes",
      "observe",
    ],
  },
  Inspector: {
    cannot: "create inspector",
    call: "new Inspector({ … })",
    options: [
      "admits",
      "secrets",
      "limits",
      "limits.requests",
      "limits.bytes",
      "limits.records",
      "limits.streamBytes",
      "limits.pages",
      "limits.waitingEventBytes",
    ],
  },
  "FastCgiClient.request": {
    cannot: "send request",
    name: "a request",
    call: "client.request({ … })",
    others: ["FastCgiClient"],
    options: ["role", "params", "stdin", "data", "signal", "timeout", "raw"],
  },
  "ClientResponse.bytes": {
    cannot: "collect body",
    name: "bytes",
    call: "response.bytes({ … })",
    options: ["limit"],
  },
  "@Responder": {
    cannot: "apply @Responder",
    call: "@Responder(prefix, { … })",
    options: ["scope"],
  },
  "@Authorizer": {
    cannot: "apply @Authorizer",
    call: "@Authorizer({ … })",
    options: ["scope", "paths", "variables"],
  },
  "@Filter": {
    cannot: "apply @Filter",
    call: "@Filter(globs, { … })",
    options: ["scope", "type", "version"],
  },
  route: {
    cannot: "apply route",
    name: "a route",
    call: "@Get(path, { … })",
    options: ["type", "status", "streams"],
  },
  "@Body": {
    cannot: "apply @Body",
    call: "@Body(schema, { … })",
    others: ["@Body.multipart"],
    options: ["limit"],
  },
  "@Body.multipart": {
    cannot: "apply @Body.multipart",
    call: "@Body.multipart({ … })",
    others: ["@Body"],
    options: ["bytes", "parts", "partBytes", "nameBytes", "headerPairs"],
  },
  nodeListener: {
    cannot: "adapt listener",
    call: "nodeListener(listener, { … })",
    options: ["path", "name", "streams"],
  },
  fetchHandler: {
    cannot: "adapt fetch function",
    call: "fetchHandler(fetch, { … })",
    options: ["path", "name", "streams", "bodyBytes"],
  },
  sendfile: {
    cannot: "send files",
    call: "sendfile({ … })",
    options: ["via", "root", "decoded"],
  },
} as const satisfies Readonly<Record<string, Taker>>;

/** A public function that takes options. */
export type TakerName = keyof typeof TAKERS;

/**
 * Refuses options that a function does not have: a misspelt one, or one that another function takes, would have no effect.
 *
 * @throws ConfigurationError `ERR_OPTION` that says where the option belongs, or which one was probably meant
 */
export function refuseUnknownOptions(taker: TakerName, options: object | undefined): void {
  // The function itself checks that its options are an object.
  if (typeof options !== "object" || options === null) return;
  const known: readonly string[] = TAKERS[taker].options;
  for (const name of namesIn(options)) if (!known.includes(name)) throw unknownOption(taker, name);
}

function namesIn(options: object): readonly string[] {
  const names: string[] = [];
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    names.push(name);
    const isGroup =
      (name === "timeouts" || name === "limits" || name === "recycle") &&
      typeof value === "object" &&
      value !== null;
    if (isGroup) for (const nested of Object.keys(value)) names.push(`${name}.${nested}`);
  }
  return names;
}

function unknownOption(taker: TakerName, option: string): ConfigurationError {
  const { cannot, name = taker }: Taker = TAKERS[taker];
  return new ConfigurationError(
    "ERR_OPTION",
    `Cannot ${cannot}: ${name} has no option ${option}; ${cureFor(taker, option)}`,
  );
}

function cureFor(taker: TakerName, name: string): string {
  const last = name.slice(name.indexOf(".") + 1);
  const { options, others = [] }: Taker = TAKERS[taker];
  for (const candidate of [taker, ...(others as readonly TakerName[])]) {
    const found = TAKERS[candidate].options.find(
      (option) => option === name || option.endsWith(`.${last}`) || option === last,
    );
    if (found !== undefined) return placeOf(candidate, found);
  }
  const [nearest] = [...options].sort((a, b) => distance(a, name) - distance(b, name));
  // Three edits replace all of a short name.
  const most = Math.min(3, Math.ceil(name.length / 2));
  if (nearest !== undefined && distance(nearest, name) <= most) return `did you mean ${nearest}?`;
  return `it has ${options.filter((option) => !option.includes(".")).join(", ")}`;
}

function placeOf(taker: TakerName, option: string): string {
  const [group = "", name] = option.split(".");
  const inside = name === undefined ? group : `${group}: { ${name} }`;
  return `write ${TAKERS[taker].call.replace("…", inside)}`;
}

/** The edit distance of two names (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
