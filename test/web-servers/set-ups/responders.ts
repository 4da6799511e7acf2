import type { ResponderSetUp } from "../../support/web-servers/set-up.js";

const CADDY_2_6 = {
  dropsStderr: { because: "Caddy 2.6.2 ignores `capture_stderr`." },
  overlooksDepartures: {
    because: "Caddy 2.6.2 notices only when it writes to the client.",
  },
  hidesBreaks: {
    because: "Caddy 2.6.2 ends it as if complete; its log has the reason.",
    log: /aborting with incomplete response/,
  },
} as const;

const H2O_2_2 = {
  overlooksDepartures: {
    because: "H2O 2.2.5 notices only when it writes to the client.",
  },
  hidesBreaks: {
    because: "H2O 2.2.5 ends it as if complete; its error log has the reason.",
    log: /in request:.*\/break:/,
  },
} as const;

const PROXY_FCGI_2_4 = {
  overlooksDepartures: {
    because: "mod_proxy_fcgi of Apache 2.4 notices only when it writes to the client.",
  },
} as const;

const PROXY_SCGI_2_4 = {
  overlooksDepartures: {
    because: "mod_proxy_scgi of Apache 2.4 notices only when it writes to the client.",
  },
  refusesChunkedUploads: {
    because: "mod_proxy_scgi of Apache 2.4 refuses a body without a length.",
    statuses: [411],
  },
} as const;

const SCGI = {
  dropsStderr: { because: "SCGI has no STDERR: the application's log has the line." },
} as const;

const SCGI_UNIX = {
  ...SCGI,
  hidesBreaks: {
    because:
      "Over SCGI the end of a unix socket is that of the answer; the application's log has the reason.",
  },
} as const;

const CGID_2_4 = {
  overlooksDepartures: {
    because: "mod_cgid of Apache 2.4 notices only when it writes to the client.",
  },
} as const;

const LIGHTTPD_1_4 = {
  overlooksDepartures: {
    because: "lighttpd 1.4.69 misses one reset in twenty until it writes.",
    sometimes: true,
  },
} as const;

const HAPROXY_2_6 = {
  refusesChunkedUploads: {
    because: "HAProxy 2.6.12 needs the length of a body larger than its buffer; FastCGI has no other way.",
    statuses: [400],
  },
} as const;

const HAPROXY_KEPT = {
  ...HAPROXY_2_6,
  overlooksDepartures: {
    because: "HAProxy 2.6.12 may keep the connection for others: it then silently drops what is sent.",
    sometimes: true,
    silently: true,
  },
} as const;

const JETTY_9_4 = {
  overlooksDepartures: {
    because: "Jetty 9.4 notices only when it writes to the client.",
  },
  refusesLongChunkedUploads: {
    because:
      "Jetty 9.4.57 counts chunked bodies up to four times: it refuses those above a quarter of `maxBodyBytes`.",
    // 502 from its proxy, if that loses the request first, else 500 from its servlet.
    statuses: [502, 500],
  },
  respellsContentType: { because: "Jetty 9.4 writes `text/plain;charset=utf-8`." },
} as const;

const CGI = {
  startsProcesses: { because: "A CGI program is one process per request: tried with 5." },
  hidesBreaks: {
    because: "A CGI program's output ends with its process; the error log has the reason.",
    log: /The second act is missing/,
  },
} as const;

const FCGID_2_3 = {
  overlooksDepartures: {
    because: "mod_fcgid 2.3.9 notices only when it writes to the client.",
  },
  hidesBreaks: {
    because:
      "mod_fcgid 2.3.9 takes the end of the connection for that of the answer; the error log has the reason.",
    log: /The second act is missing/,
  },
} as const;

/** Every way in which a Web server is put in front of responders. */
export const responderSetUps: readonly ResponderSetUp[] = [
  {
    id: "nginx-unix",
    server: "nginx",
    how: "`fastcgi_pass` to a unix socket",
    over: "unix",
  },
  {
    id: "nginx-mounted",
    server: "nginx",
    how: "`fastcgi_pass` over TCP, at `/app`",
    mount: "/app",
    connections: "kept",
  },
  {
    id: "nginx-scgi-unix",
    server: "nginx",
    how: "`scgi_pass` to a unix socket",
    over: "scgi-unix",
    differences: SCGI_UNIX,
  },
  {
    id: "nginx-scgi-mounted",
    server: "nginx",
    how: "`scgi_pass` over TCP, at `/app`",
    over: "scgi",
    mount: "/app",
    connections: "closed",
    differences: SCGI,
  },
  {
    id: "apache-scgi",
    server: "apache",
    how: "mod_proxy_scgi over TCP",
    over: "scgi",
    differences: { ...SCGI, ...PROXY_SCGI_2_4 },
  },
  {
    id: "apache-scgi-mounted",
    server: "apache",
    how: "mod_proxy_scgi to a unix socket, at `/app`",
    over: "scgi-unix",
    mount: "/app",
    differences: { ...SCGI_UNIX, ...PROXY_SCGI_2_4 },
  },
  {
    id: "lighttpd-scgi-unix",
    server: "lighttpd",
    how: "mod_scgi to a unix socket",
    over: "scgi-unix",
    differences: { ...SCGI_UNIX, ...LIGHTTPD_1_4 },
  },
  {
    id: "lighttpd-scgi-mounted",
    server: "lighttpd",
    how: "mod_scgi over TCP, at `/app`",
    over: "scgi",
    mount: "/app",
    differences: { ...SCGI, ...LIGHTTPD_1_4 },
  },
  {
    id: "apache-proxy-pass",
    server: "apache",
    how: "mod_proxy_fcgi by `ProxyPass`, over TCP",
    differences: PROXY_FCGI_2_4,
  },
  {
    id: "apache-proxy-pass-mounted",
    server: "apache",
    how: "mod_proxy_fcgi by `ProxyPass`, at `/app`",
    mount: "/app",
    differences: PROXY_FCGI_2_4,
  },
  {
    id: "apache-set-handler",
    server: "apache",
    how: "mod_proxy_fcgi by `SetHandler`, to a unix socket",
    over: "unix",
    deployment: { apache: { responder: "set-handler" } },
    differences: PROXY_FCGI_2_4,
  },
  {
    id: "apache-fcgid",
    server: "apache",
    how: "mod_fcgid, which starts it, at `/app`",
    mount: "/app",
    isSpawned: true,
    deployment: { apache: { responder: "fcgid" } },
    differences: FCGID_2_3,
  },
  {
    id: "apache-cgi",
    server: "apache",
    how: "mod_cgid, as a CGI program, at `/app`",
    mount: "/app",
    isSpawned: true,
    deployment: { apache: { responder: "cgi" } },
    differences: { ...CGID_2_4, ...CGI },
  },
  {
    id: "lighttpd-unix",
    server: "lighttpd",
    how: "mod_fastcgi to a unix socket",
    over: "unix",
    differences: LIGHTTPD_1_4,
  },
  {
    id: "lighttpd-mounted",
    server: "lighttpd",
    how: "mod_fastcgi over TCP, at `/app`",
    mount: "/app",
    differences: LIGHTTPD_1_4,
  },
  {
    id: "lighttpd-spawned",
    server: "lighttpd",
    how: "mod_fastcgi, which starts it",
    isSpawned: true,
    deployment: { lighttpd: { responder: "spawn" } },
    differences: LIGHTTPD_1_4,
  },
  {
    id: "lighttpd-cgi",
    server: "lighttpd",
    how: "mod_cgi, as a CGI program, at `/app`",
    mount: "/app",
    isSpawned: true,
    deployment: { lighttpd: { responder: "cgi" } },
    differences: { ...LIGHTTPD_1_4, ...CGI },
  },
  {
    id: "caddy-unix",
    server: "caddy",
    how: "`reverse_proxy` to a unix socket",
    over: "unix",
    differences: CADDY_2_6,
  },
  {
    id: "caddy-mounted",
    server: "caddy",
    how: "`reverse_proxy` over TCP, at `/app`",
    mount: "/app",
    differences: CADDY_2_6,
  },
  {
    id: "haproxy-closed",
    server: "haproxy",
    how: "a connection for each request, to a unix socket",
    over: "unix",
    deployment: { haproxy: { connections: "closed" } },
    connections: "closed",
    differences: HAPROXY_2_6,
  },
  {
    id: "haproxy-kept",
    server: "haproxy",
    how: "kept connections over TCP, at `/app`",
    mount: "/app",
    deployment: { haproxy: { connections: "kept" } },
    connections: "kept",
    differences: HAPROXY_KEPT,
  },
  {
    id: "haproxy-multiplexed",
    server: "haproxy",
    how: "`mpxs-conns` with `get-values`, over TCP",
    deployment: { haproxy: { connections: "multiplexed" } },
    connections: "kept",
    differences: HAPROXY_KEPT,
  },
  {
    id: "h2o-unix",
    server: "h2o",
    how: "`fastcgi.connect` to a unix socket",
    over: "unix",
    differences: H2O_2_2,
  },
  {
    id: "h2o-mounted",
    server: "h2o",
    how: "`fastcgi.connect` over TCP, at `/app`",
    mount: "/app",
    differences: H2O_2_2,
  },
  { id: "jetty", server: "jetty", how: "FastCGIProxyServlet over TCP", differences: JETTY_9_4 },
  {
    id: "jetty-mounted",
    server: "jetty",
    how: "FastCGIProxyServlet over TCP, at `/app`",
    mount: "/app",
    differences: JETTY_9_4,
  },
  {
    id: "gateway",
    server: "gateway",
    how: "over a unix socket",
    over: "unix",
    connections: "kept",
    differences: {
      refusesEncodedSlashes: {
        because: "The embedded gateway refuses ambiguous paths.",
        status: 400,
      },
      answersUnknownPaths: {
        because: "The embedded gateway takes a path without a route for a file.",
      },
    },
  },
];
