// CVE-2019-10072 and others: a few bytes of a peer cost a line on disk each time.
import { expect, test } from "vitest";

import { deny } from "../../src/roles/verdict.js";
import { authorize, begin, get, params, record, Type } from "../support/records.js";
import { responder, serveDefinitions, type LogLine, type ServedOptions } from "../support/served.js";

const TIMES = 300;
/** Of one kind in a second. */
const BUDGET = 20;

const fails = responder({
  "GET /fails": () => {
    throw new Error("as it was told");
  },
});
const gate = { kind: "authorizer", name: "Gate", paths: ["/members/**"], authorize: () => deny() } as const;

interface Flood {
  readonly code?: string;
  readonly message: RegExp;
  readonly request: (id: number) => Buffer;
  /** Whether each uses a new connection, which the server closes. */
  readonly closes?: boolean;
  readonly options?: ServedOptions;
}

test.each<[what: string, flood: Flood]>([
  [
    "requests of an unknown role",
    {
      code: "ERR_UNKNOWN_ROLE",
      message: /^Refused/,
      request: (id) => Buffer.concat([begin(id, 9), params(id, {})]),
    },
  ],
  [
    "params that are malformed",
    {
      code: "ERR_FCGI_NAME_VALUE",
      message: /^Refused/,
      request: (id) => Buffer.concat([begin(id), record(Type.params, id, "\xff"), record(Type.params, id)]),
    },
  ],
  [
    "requests without an authorizer",
    { code: "ERR_NO_AUTHORIZER", message: /^Denied/, request: (id) => authorize(id, "/elsewhere") },
  ],
  [
    "passwords that come twice",
    {
      code: "ERR_CREDENTIALS_REPEATED",
      message: /^Denied/,
      request: (id) =>
        Buffer.concat([
          begin(id, 2),
          params(id, [
            ["REQUEST_URI", "/members/a"],
            ["REMOTE_PASSWD", "a"],
            ["REMOTE_PASSWD", "b"],
          ]),
        ]),
    },
  ],
  [
    "questions with an unknown marker",
    {
      code: "ERR_BRIDGE_MARKER",
      message: /^Denied/,
      request: (id) => get(id, "/a", { params: { TRICORN_BRIDGE: "x" } }),
    },
  ],
  [
    "questions about nothing",
    {
      code: "ERR_BRIDGE_TARGET",
      message: /^Denied/,
      request: (id) => get(id, "/a", { params: { TRICORN_BRIDGE: "forward_auth" } }),
    },
  ],
  ["requests whose handler fails", { message: /fails failed$/, request: (id) => get(id, "/fails") }],
  [
    "connections that break the protocol",
    { code: "ERR_FCGI_VERSION", message: /^Closed/, request: () => Buffer.alloc(8, 2), closes: true },
  ],
  [
    "connections that are not allowed",
    {
      code: "ERR_PEER_NOT_ALLOWED",
      message: /^Closed/,
      request: () => Buffer.alloc(0),
      closes: true,
      options: { server: { allowedPeers: ["192.0.2.1"] } },
    },
  ],
])(
  "%s are logged at most 20 times per second, and counted",
  async (_what, { code, message, request, closes = false, options = {} }) => {
    const { connect, log } = await serveDefinitions([fails, gate], options);
    const start = Date.now();
    const peer = await connect();
    for (let count = 0; count < TIMES; count += 1) {
      if (closes) {
        const other = count === 0 ? peer : await connect();
        other.send(request(1));
        await other.closedByApplication().catch(() => undefined);
        other.destroy();
      } else await peer.send(request(1)).answer(1);
    }
    const seconds = Math.ceil((Date.now() - start) / 1000) + 1;
    const lines = log.filter((line: LogLine) => line.code === code && message.test(line.msg));
    expect(lines.length).toBeGreaterThanOrEqual(BUDGET);
    expect(lines.length).toBeLessThanOrEqual(BUDGET * seconds);
    const leftOut = lines.reduce((sum, line) => sum + ((line["leftOut"] as number | undefined) ?? 0), 0);
    expect(lines.length + leftOut).toBeLessThanOrEqual(TIMES);
  },
);
