import { describe, expect, test } from "vitest";

import { testGate, type GateDoor } from "../support/web-servers/behind-gate.js";
import type { Digest, Seen } from "../support/web-servers/contract.js";
import { CANARY } from "../support/web-servers/gate.js";
import { gateKinds, putBehindGates, type GateAddresses } from "../support/web-servers/gates.js";
import { nginx } from "../support/web-servers/nginx.js";
import { payload, sha256 } from "../support/web-servers/payload.js";
import type { WebServerKind } from "../support/web-servers/web-server.js";

function pass(address: string): string {
  return `fastcgi_pass ${address.startsWith("/") ? `unix:${address}` : address};`;
}

/** What stands in a protected location, as docs/nginx-auth-request.md has it. */
function protect(gate: string): string {
  return `
    auth_request /.tricorn/${gate};
    auth_request_set $tricorn_auth_user $upstream_http_variable_auth_user;
    auth_request_set $tricorn_auth_method $upstream_http_variable_auth_method;
    auth_request_set $tricorn_status $upstream_http_tricorn_status;
    auth_request_set $tricorn_location $upstream_http_tricorn_location;
    auth_request_set $tricorn_cookie $upstream_http_set_cookie;
    error_page 401 @tricorn_401;
    error_page 403 @tricorn_403;`;
}

/** A canary behind each kind of gate; the contract behind the first one, and beside it unprotected. */
function protectedSite(addresses: GateAddresses): WebServerKind {
  const questions = gateKinds.map(
    (kind) => `
  location = /.tricorn/${kind} {
    internal;
    include /etc/nginx/fastcgi_params;
    fastcgi_param TRICORN_BRIDGE auth_request;
    fastcgi_pass_request_body off;
    ${pass(addresses[kind])}
  }
  location /${kind}/ {${protect(kind)}
  }`,
  );
  return nginx(({ folder }) => ({
    server: `
  root ${folder}/www;
  ${questions.join("")}
  location ~ ^/gate/(?!canary) {${protect("gate")}
    include /etc/nginx/fastcgi_params;
    fastcgi_param AUTH_USER $tricorn_auth_user if_not_empty;
    fastcgi_param AUTH_METHOD $tricorn_auth_method if_not_empty;
    ${pass(addresses.gate)}
  }
  location /open/ {
    ${pass(addresses.gate)}
  }
  location @tricorn_401 {
    absolute_redirect off;
    add_header Set-Cookie $tricorn_cookie always;
    if ($tricorn_status = 301) { return 301 $tricorn_location; }
    if ($tricorn_status = 302) { return 302 $tricorn_location; }
    if ($tricorn_status = 303) { return 303 $tricorn_location; }
    if ($tricorn_status = 307) { return 307 $tricorn_location; }
    if ($tricorn_status = 308) { return 308 $tricorn_location; }
    return 401;
  }
  location @tricorn_403 {
    if ($tricorn_status = 404) { return 404; }
    if ($tricorn_status = 410) { return 410; }
    if ($tricorn_status = 429) { return 429; }
    return 403;
  }`,
  }));
}

describe("an authorizer behind nginx's auth_request", () => {
  const behind = putBehindGates(protectedSite);
  const visit = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${behind().server.url}${path}`, { redirect: "manual", headers });

  testGate((): GateDoor => ({
    url: (kind, mode) => `${behind().server.url}/${kind}/canary?mode=${mode}`,
    denied: 403,
    failed: [500],
    killGate: () => behind().killed.killWhileDeciding(),
  }));

  test("its redirect, its challenge and its 404 arrive", async () => {
    const redirected = await visit("/gate/canary?mode=redirect");
    expect([
      redirected.status,
      redirected.headers.get("location"),
      redirected.headers.get("set-cookie"),
    ]).toEqual([302, "/log-in", "back=1; Path=/"]);
    const challenged = await visit("/gate/canary?mode=challenge");
    expect([challenged.status, challenged.headers.get("www-authenticate")]).toEqual([
      401,
      'Basic realm="The gate"',
    ]);
    expect((await visit("/gate/canary?mode=missing")).status).toBe(404);
  });

  test("its variables are seen by the responder behind it, and no client can set one", async () => {
    const forged = {
      "Variable-AUTH_USER": "root",
      "Variable-Auth-User": "root",
      "Auth-User": "root",
      AUTH_USER: "root",
      "Tricorn-Status": "302",
      "Tricorn-Location": "https://evil.example/",
      "Tricorn-Bridge": "auth_request",
    };
    const { params } = (await (await visit("/gate/seen/it?mode=allow", forged)).json()) as Seen;
    expect(params["AUTH_USER"]).toBe("ada");

    const denied = await visit("/gate/canary?mode=deny", forged);
    expect([denied.status, denied.headers.get("location")]).toEqual([403, null]);
    const redirected = await visit("/gate/canary?mode=redirect", forged);
    expect(redirected.headers.get("location")).toBe("/log-in");
  });

  test("decides about the request as it was sent: its method and its target", async () => {
    // The gate reads its query from there.
    const { path } = (await (await visit("/gate/seen/a%2Fb?mode=allow")).json()) as Seen;
    expect(path).toBe("/seen/a%2Fb");
    const body = payload(3 * 1024 * 1024);
    for (const mode of ["allow", "deny"]) {
      const answer = await fetch(`${behind().server.url}/gate/digest?mode=${mode}`, { method: "POST", body });
      expect(answer.status).toBe(mode === "allow" ? 200 : 403);
      if (mode === "allow") {
        expect((await answer.json()) as Digest).toMatchObject({ bytes: body.length, sha256: sha256(body) });
      } else await answer.text();
    }
    expect((await fetch(`${behind().server.url}/gate/seen/it?mode=schema`, { method: "PUT" })).status).toBe(
      500,
    );
  });

  test("is no page of the site, and nothing is said of authorizers that nobody asks", async () => {
    expect((await visit("/.tricorn/gate?mode=allow")).status).toBe(404);
    expect((await visit("/gate/hello?mode=allow")).status).toBe(200);
    const codes = behind().gate.log.map(({ code }) => code);
    expect(codes).not.toContain("ERR_AUTHORIZER_UNASKED");
  });

  test("is passed by where a location does not ask it", async () => {
    const answer = await visit("/open/hello");
    expect([answer.status, (await answer.text()).includes(CANARY)]).toEqual([404, false]);
  });
});
