import { expect } from "vitest";

import type { AuthorizerDefinition } from "../../src/roles/definitions.js";
import type { Answer } from "./answer.js";
import { Type, get, type RequestFacts } from "./records.js";

/** An authorizer that decides so, or fails to. */
export function gate(
  decide: AuthorizerDefinition["authorize"] | (() => unknown),
  ...paths: string[]
): AuthorizerDefinition {
  return { kind: "authorizer", name: "Gate", paths, authorize: decide as AuthorizerDefinition["authorize"] };
}

/** No Web server of SERVERS can treat this as "allowed". */
export function expectDenied(answer: Answer, status?: number): void {
  expect(answer.head).toMatch(/^Status: [345]\d\d( |\r|$)/);
  expect(answer.head.match(/^status:/gim)).toHaveLength(1);
  if (status !== undefined) expect(answer.status).toBe(status);
  expect(answer.head).not.toMatch(/^variable-/im);
  expect(answer.protocolStatus).toBe(0);
  // Apache and lighttpd decide by the first record, so nothing may precede it.
  expect(answer.records[0]).toMatchObject({ type: Type.stdout });
  expect(answer.records[0]!.content.includes("\r\n\r\n")).toBe(true);
}

/** How a Web server asks about a target through a bridge. */
export type Asking = (id: number, target: string, facts?: RequestFacts) => Buffer;

/** As nginx's auth_request asks, with its stock parameters: those of the subrequest beside the original target. */
export const askAsNginx: Asking = (id, target, { params, ...facts } = {}) =>
  get(id, target, {
    ...facts,
    params: {
      QUERY_STRING: "",
      CONTENT_LENGTH: "",
      SCRIPT_NAME: "/.tricorn/authorize",
      DOCUMENT_URI: "/.tricorn/authorize",
      SERVER_SOFTWARE: "nginx/1.22.1",
      TRICORN_BRIDGE: "auth_request",
      ...params,
    },
  });

/** Like Caddy's reverse_proxy: the path is that of the question, and the original one is in separate params. */
export const askAsCaddy: Asking = (id, target, { params, ...facts } = {}) =>
  get(id, "/.tricorn/authorize?asker", {
    ...facts,
    params: {
      QUERY_STRING: "asker",
      PATH_INFO: "/.tricorn/authorize",
      SCRIPT_NAME: "",
      SERVER_SOFTWARE: "Caddy/v2.6.2",
      TRICORN_BRIDGE: "forward_auth",
      TRICORN_URI: target,
      TRICORN_METHOD: "GET",
      ...params,
    },
  });
