import { describe, expect, test } from "vitest";

import { caddy } from "../support/web-servers/caddy.js";
import { testGate, type GateDoor } from "../support/web-servers/behind-gate.js";
import type { Digest, Seen } from "../support/web-servers/contract.js";
import { gateKinds, putBehindGates, type GateAddresses } from "../support/web-servers/gates.js";
import { payload, sha256 } from "../support/web-servers/payload.js";
import type { WebServerKind } from "../support/web-servers/web-server.js";

function upstream(address: string): string {
  return address.startsWith("/") ? `unix/${address}` : address;
}

/** A canary behind each kind of gate; the contract behind the first one. */
function protectedSite(addresses: GateAddresses): WebServerKind {
  const routes = gateKinds.map(
    (kind) => `
  @${kind} path /${kind}/*
  route @${kind} {
    reverse_proxy ${upstream(addresses[kind])} {
      method GET
      transport fastcgi {
        env TRICORN_BRIDGE forward_auth
        env TRICORN_URI {http.request.orig_uri}
        env TRICORN_METHOD {http.request.orig_method}
      }
      @allowed status 200
      handle_response @allowed {
        vars tricorn_auth_user {http.reverse_proxy.header.Variable-Auth_user}
        vars tricorn_auth_method {http.reverse_proxy.header.Variable-Auth_method}
      }
    }
    @file file
    file_server @file
    reverse_proxy ${upstream(addresses[kind])} {
      transport fastcgi {
        env AUTH_USER {http.vars.tricorn_auth_user}
        env AUTH_METHOD {http.vars.tricorn_auth_method}
      }
    }
  }`,
  );
  return caddy(({ folder }) => `root * ${folder}/www\n${routes.join("")}`);
}

describe("an authorizer behind Caddy", () => {
  const behind = putBehindGates(protectedSite);
  const visit = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${behind().server.url}${path}`, { redirect: "manual", headers });

  testGate((): GateDoor => ({
    url: (kind, mode) => `${behind().server.url}/${kind}/canary?mode=${mode}`,
    denied: 403,
    failed: [500, 504],
    killGate: () => behind().killed.killWhileDeciding(),
  }));

  test("its denial goes to the client as it is", async () => {
    const denied = await visit("/gate/canary?mode=deny");
    expect([denied.status, denied.headers.get("x-denied"), await denied.text()]).toEqual([
      403,
      "yes",
      "Not for you.\n",
    ]);
    const redirected = await visit("/gate/canary?mode=redirect");
    expect([redirected.status, redirected.headers.get("location")]).toEqual([302, "/log-in"]);
    const challenged = await visit("/gate/canary?mode=challenge");
    expect([challenged.status, challenged.headers.get("www-authenticate")]).toEqual([
      401,
      'Basic realm="The gate"',
    ]);
  });

  test("its variables are seen by the responder behind it, and no client can set one", async () => {
    const forged = { "Variable-Auth_user": "root", AUTH_USER: "root", "Tricorn-Bridge": "forward_auth" };
    for (let round = 0; round < 10; round += 1) {
      const { params } = (await (await visit("/gate/seen/it?mode=allow", forged)).json()) as Seen;
      expect(params["AUTH_USER"]).toBe("ada");
    }
  });

  test("decides about the target that was asked for, whatever header fields say", async () => {
    // Caddy makes one param of both spellings, at random.
    const forged = { "X-Forwarded-Uri": "/gate/x?mode=allow", X_Forwarded_Uri: "/gate/x?mode=allow" };
    const more = { Tricorn_Uri: "/gate/x?mode=allow", "Tricorn-Uri": "/gate/x?mode=allow" };
    for (let round = 0; round < 10; round += 1) {
      expect((await visit("/gate/canary?mode=deny", { ...forged, ...more })).status).toBe(403);
    }
  });

  test("leaves the request that it allows its method and its body", async () => {
    const body = payload(3 * 1024 * 1024);
    const answer = await fetch(`${behind().server.url}/gate/digest?mode=allow`, { method: "POST", body });
    expect((await answer.json()) as Digest).toMatchObject({ bytes: body.length, sha256: sha256(body) });
    // Its own method is what the gate sees, so that this schema fails.
    expect((await fetch(`${behind().server.url}/gate/hello?mode=schema`, { method: "PUT" })).status).toBe(
      500,
    );
  });
});
