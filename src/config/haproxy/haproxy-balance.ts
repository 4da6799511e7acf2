import type { Deployment } from "../deployment.js";
import { AFFINITY_REASON, isBalanced, upstreamsOf } from "../upstreams.js";
import { haproxyWord } from "./haproxy-text.js";

/** Without it HAProxy does not start if one name does not resolve; with it that host is left out until a reload. */
const UNRESOLVED = " init-addr libc,none";

/** The servers of a backend: one named like the application, or several that are checked. */
export function haproxyServers(deployment: Deployment, application: string): string[] {
  return upstreamsOf(deployment).map(({ address, name, isNamed, isDrained }) => {
    const at = haproxyWord(address.replace(/^unix:/, "unix@"));
    return isBalanced(deployment)
      ? `server ${name} ${at} ${checkOf(deployment)}${isNamed ? UNRESOLVED : ""}${isDrained ? " weight 0" : ""}`
      : `server ${application} ${at} proto fcgi`;
  });
}

/**
 * The other protocols are for the check: that of the master is a FastCGI request, that of the application is made of bytes. A host
 * that does not answer twice is down after at most 2.5 s; a host that comes back gets its share little by little.
 */
function checkOf({ statusPort }: Deployment): string {
  const check = statusPort === undefined ? "check" : `check check-proto fcgi port ${statusPort}`;
  return `proto fcgi ${check} inter 2s fastinter 500ms downinter 1s fall 2 rise 2 slowstart 10s`;
}

/** How HAProxy selects one of several servers, asks whether they are alive, and repeats requests. */
export function balanceRules(deployment: Deployment): string[] {
  return [...selectionRules(deployment), ...RETRY_RULES, ...checkRules(deployment)];
}

function selectionRules({ affinity }: Deployment): string[] {
  if (affinity === undefined)
    return [
      "# The host with the fewest active requests. Taking turns would fill a host that has slow requests or streams.",
      "balance leastconn",
    ];
  const key = affinity === "user" ? "http_auth_user" : `req.cook(${affinity.slice("cookie:".length)})`;
  return [
    ...AFFINITY_REASON.map((line) => `# ${line}`),
    affinity === "user"
      ? "# The key is the user of Basic credentials, whose password is not checked here. Other requests go to any host."
      : "# The key is the value of the application's cookie. Requests without it go to any host.",
    "# All empty values would go to the same host.",
    `http-request set-var(txn.affinity) ${key} if { ${key} -m len ge 1 }`,
    "balance hash var(txn.affinity)",
    "hash-type consistent",
  ];
}

const RETRY_RULES = [
  "# A request is repeated, and on another host, if no connection was made. If a connection broke before the answer, only GET and HEAD",
  "# are repeated: another method may have had its effect.",
  "retries 3",
  "option redispatch 1",
  "retry-on conn-failure empty-response",
  "http-request disable-l7-retry unless { method GET HEAD }",
];

/** FCGI_GET_VALUES (section 4.1) that asks for FCGI_MAX_REQS: a record of 15 bytes and 1 byte of padding. */
const GET_VALUES = `01090000000f01000d00${Buffer.from("FCGI_MAX_REQS").toString("hex")}00`;

function checkRules({ statusPort }: Deployment): string[] {
  return [
    "timeout check 3s",
    ...(statusPort === undefined
      ? [
          "# Asks each application for FCGI_MAX_REQS (FastCGI 1.0, section 4.1): one that hangs does not answer. No handler sees it.",
          "option tcp-check",
          `tcp-check send-binary ${GET_VALUES}`,
          "tcp-check expect binary 010a0000",
        ]
      : [
          "# Asks each master: 503 if no worker answers, or if it is about to stop. Requests that a host then has go on.",
          "option httpchk",
          "http-check send meth GET uri /ping",
          "http-check expect status 200",
        ]),
  ];
}
