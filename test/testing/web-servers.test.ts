import { describe, expect, test } from "vitest";

import type { HttpRequest, Param, SetUp } from "../../src/testing/web-servers/http-request.js";
import { authorizerPassings, responderPassings } from "../../src/testing/web-servers/web-servers.js";
import { readFixture } from "../support/fixtures/fixture.js";
import { bytesOf, paramsOf } from "../support/fixtures/records.js";
import { requests, type FixtureRequest } from "../support/fixtures/requests.js";

/** The set-ups of the fixtures, each as a Web server of `tricorn/testing` and its configuration. */
const setUps = [
  ["nginx-stock", responderPassings.nginx, {}],
  ["nginx-mounted", responderPassings.nginx, { mount: "/app" }],
  ["nginx-auth-request", authorizerPassings.nginx, {}],
  ["apache-proxypass", responderPassings["apache-proxypass"], {}],
  [
    "apache-proxypass-kept",
    responderPassings["apache-proxypass"],
    { mount: "/app", passesAuthorization: true },
  ],
  ["apache-sethandler", responderPassings["apache-sethandler"], {}],
  ["apache-fcgid", responderPassings["apache-fcgid"], { mount: "/app" }],
  ["apache-authnz-basic", authorizerPassings["apache-authnz-basic"], {}],
  ["apache-authnz-check", authorizerPassings["apache-authnz-check"], {}],
  ["apache-authnz-require", authorizerPassings["apache-authnz-require"], {}],
  ["apache-fcgid-access", authorizerPassings["apache-fcgid-access"], { passesAuthorization: true }],
  ["lighttpd-root", responderPassings.lighttpd, {}],
  ["lighttpd-prefix", responderPassings.lighttpd, { mount: "/app" }],
  ["lighttpd-authorizer", authorizerPassings.lighttpd, {}],
  ["caddy-root", responderPassings.caddy, {}],
  ["caddy-split", responderPassings.caddy, { mount: "/app" }],
  ["haproxy-closed", responderPassings.haproxy, { passesAuthorization: true }],
  ["haproxy-multiplexed", responderPassings.haproxy, { mount: "/app" }],
  ["h2o-root", responderPassings.h2o, {}],
  ["h2o-prefix", responderPassings.h2o, { mount: "/app" }],
  ["jetty", responderPassings.jetty, {}],
  ["jetty-script-pattern", responderPassings.jetty, { mount: "/app" }],
] as const;

/** What capture-set-up.ts adds for set-ups whose server asks for a password itself. */
const CREDENTIALS = ["Authorization", `Basic ${Buffer.from("ada:lovelace").toString("base64")}`] as const;
const ASKS_FOR_A_PASSWORD: ReadonlySet<string> = new Set(["apache-authnz-basic", "apache-authnz-require"]);

/** The order of params that no server keeps: Caddy's map is random, Jetty sorts fields by a hash. */
const WITHOUT_ORDER = /^(?:caddy|jetty)/;

function requestOf({ http, secure }: FixtureRequest, setUp: string): HttpRequest {
  const [head = "", body = ""] = http.split(/\r\n\r\n(.*)/s);
  const [line = "", ...lines] = head.split("\r\n");
  const [method = "", target = "", protocol = ""] = line.split(" ");
  const fields = lines.map((field) => {
    const [name = "", value = ""] = field.split(/: ?(.*)/s);
    return [name, value] as const;
  });
  const isWithout = !fields.some(([name]) => name === "Authorization");
  return {
    method,
    target,
    version: protocol.slice("HTTP/".length),
    fields: ASKS_FOR_A_PASSWORD.has(setUp) && isWithout ? [...fields, CREDENTIALS] : fields,
    bodyLength: body.startsWith("5\r\n") ? "name=Ada".length : body.length,
    scheme: secure ? "https" : "http",
    port: secure ? 8443 : 8080,
  };
}

/** Repeated names keep their order. */
function inOrder(setUp: string, params: readonly Param[]): readonly Param[] {
  return WITHOUT_ORDER.test(setUp) ? params.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b))) : params;
}

describe.each(setUps)("%s", (name, pass, given: Partial<SetUp>) => {
  const setUp: SetUp = { mount: "", passesAuthorization: false, ...given };
  const fixture = readFixture(name);

  test.each(fixture.requests)("passes $name on as the server does", ({ name: request, status, streams }) => {
    const sent = requests.find(({ name: one }) => one === request)!;
    const passed = pass(requestOf(sent, name), setUp);
    if (streams.length === 0) {
      expect(passed).toEqual({ answers: status });
      return;
    }
    const captured = paramsOf(streams[0]!).map(([variable, value]): Param => [
      variable,
      bytesOf(value).toString("latin1"),
    ]);
    // The marker of the bridge is not in the stock question.
    const params =
      "params" in passed ? passed.params.filter(([variable]) => variable !== "TRICORN_BRIDGE") : [];
    expect(inOrder(name, params)).toEqual(inOrder(name, captured));
  });
});
