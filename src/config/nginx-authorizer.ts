import { askParams } from "./nginx-params.js";
import { quoted, variableOf } from "./nginx-text.js";
import type { Plan } from "./plan.js";
import { block, paragraph } from "./text.js";

/** No request of a client ever gets there. */
const ASK = "/.tricorn/authorize";

/** The location that asks the authorizers of the application. */
export function askLocation({ deployment }: Plan): string[] {
  const { name, root } = deployment;
  return paragraph(
    "The question: an ordinary request to nginx, and by TRICORN_BRIDGE one to an authorizer to the application.",
    block(`location = ${ASK}`, [
      "internal;",
      ...askParams([
        ["TRICORN_BRIDGE", "auth_request"],
        // The file that was found: the index of a folder may be protected by a name of its own.
        ...(root === undefined ? [] : [["DOCUMENT_URI", "$tricorn_document"] as const]),
      ]),
      "fastcgi_pass_request_body off;",
      `fastcgi_pass ${quoted(name)};`,
    ]),
  );
}

/** Has a request allowed, in a location of its own. */
export function asking(plan: Plan): string[] {
  return [
    `auth_request ${ASK};`,
    ...plan.variables.map(
      (name) => `auth_request_set ${variableOf(name)} $upstream_http_variable_${name.toLowerCase()};`,
    ),
    ...remember(plan),
  ];
}

/** Keeps the path of the document for the question, whose own is another. */
export function remember({ deployment }: Plan): string[] {
  return deployment.root === undefined ? [] : ["set $tricorn_document $uri;"];
}
