import { quoted, variableOf } from "./nginx-text.js";
import type { RoutingPlan } from "../plan/plan.js";
import { paragraph } from "../text.js";

type Param = readonly [name: string, value: string, flag?: "if_not_empty"];

/** The same for each request (RFC 3875, section 4.1). */
const COMMON: readonly Param[] = [
  ["GATEWAY_INTERFACE", "CGI/1.1"],
  ["SERVER_SOFTWARE", "nginx/$nginx_version"],
  ["SERVER_PROTOCOL", "$server_protocol"],
  ["SERVER_NAME", "$server_name"],
  ["SERVER_PORT", "$server_port"],
  ["REMOTE_ADDR", "$remote_addr"],
  ["REMOTE_PORT", "$remote_port"],
  ["REQUEST_SCHEME", "$scheme"],
  ["HTTPS", "$https", "if_not_empty"],
  ["REQUEST_METHOD", "$request_method"],
  ["REQUEST_URI", "$request_uri"],
  ["QUERY_STRING", "$query_string"],
];
/** CVE-2016-5385: a client's `Proxy` header would be taken for the proxy of the application's own requests. */
const NO_PROXY: Param = ["HTTP_PROXY", '""', "if_not_empty"];

/** The params of all requests but those to an authorizer. */
export function nginxParams({ deployment, variables }: RoutingPlan): string[] {
  const { mount, root } = deployment;
  // The path as nginx has resolved it, so that both mean the same one.
  const path: readonly Param[] =
    mount === ""
      ? [
          ["SCRIPT_NAME", '""'],
          ["PATH_INFO", "$document_uri"],
        ]
      : [
          ["SCRIPT_NAME", "$fastcgi_script_name"],
          ["PATH_INFO", "$fastcgi_path_info"],
        ];
  const document: readonly Param[] = root === undefined ? [] : [["DOCUMENT_ROOT", "$document_root"]];
  return [
    ...paragraph(
      "What the application is told. No REMOTE_USER: nginx takes it from the client and checks no password.",
      linesOf([
        ...COMMON,
        ...path,
        ...document,
        ["CONTENT_TYPE", "$content_type"],
        ["CONTENT_LENGTH", "$content_length"],
        NO_PROXY,
      ]),
    ),
    ...paragraph(
      "What the authorizer says of who asks; nothing where it was not asked.",
      linesOf(variables.map((name) => [quoted(name), variableOf(name), "if_not_empty"])),
    ),
  ];
}

/** The params of a question to an authorizer. It has no body. */
export function askParams(further: readonly Param[]): string[] {
  return linesOf([...COMMON, ...further, NO_PROXY]);
}

function linesOf(params: readonly Param[]): string[] {
  return params.map((parts) => `fastcgi_param ${parts.filter((part) => part !== undefined).join(" ")};`);
}
