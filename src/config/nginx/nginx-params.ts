import { nginxNames } from "./nginx-names.js";
import { nginxWord } from "./nginx-text.js";
import type { RoutingPlan } from "../plan/plan.js";
import { paragraph } from "../text.js";

type Param = readonly [name: string, value: string, flag?: "if_not_empty"];

/** The params of every request (RFC 3875, section 4.1). */
const COMMON_PARAMS: readonly Param[] = [
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
/** CVE-2016-5385: programs use a client's `Proxy` header as the proxy of their own requests. */
const NO_PROXY: Param = ["HTTP_PROXY", '""', "if_not_empty"];

/** The params of all requests except those to an authorizer. */
export function nginxParams({ deployment, variables }: RoutingPlan): string[] {
  const { mount, root } = deployment;
  const { variable } = nginxNames(deployment);
  // The path as nginx resolved it, so that nginx and the application use the same path.
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
  const document: readonly Param[] =
    root === undefined ? [] : [["DOCUMENT_ROOT", mount === "" ? "$document_root" : nginxWord(root)]];
  return [
    ...paragraph(
      "Params for the application. Not REMOTE_USER: nginx copies it from the client without checking a password.",
      formatParams([
        ...COMMON_PARAMS,
        ...path,
        ...document,
        ["CONTENT_TYPE", "$content_type"],
        ["CONTENT_LENGTH", "$content_length"],
        NO_PROXY,
      ]),
    ),
    ...paragraph(
      "Variables of the authorizer; not sent if it was not asked.",
      formatParams(variables.map((name) => [nginxWord(name), variable(name), "if_not_empty"])),
    ),
  ];
}

/** The params of a request to an authorizer, which has no body. */
export function authorizerParams(further: readonly Param[]): string[] {
  return formatParams([...COMMON_PARAMS, ...further, NO_PROXY]);
}

function formatParams(params: readonly Param[]): string[] {
  return params.map((parts) => `fastcgi_param ${parts.filter((part) => part !== undefined).join(" ")};`);
}
