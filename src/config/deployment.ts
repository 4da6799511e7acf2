import { z } from "zod";

import { ConfigurationError } from "../errors.js";
import { parseSocket, type Addresses } from "./application-socket.js";
import { issueFact } from "./issue-fact.js";
import { upstreamFaults } from "./upstreams.js";

/** No character that ends a line, a quoted word or a block in any configuration language. */
const Word = z
  .string()
  .min(1)
  .regex(
    /^[^\p{Cc}\p{Cs}\s"'`\\;{}<>$]+$/u,
    "must have no blanks, quotes, control characters or any of \\ ; { } < > $",
  );

/** `isPath`: the command line accepts a relative one. */
const AbsolutePath = Word.startsWith("/", "must be an absolute path").meta({ isPath: true });
/** Needs no escaping in any configuration language. `*` matches several names. */
const HostName = z.string().regex(/^[A-Za-z0-9*._-]+$/, 'must be letters, digits and ". _ - *"');
const BindAddress = z
  .string()
  .regex(/^(?:[A-Za-z0-9.-]+|[0-9A-Fa-f:.]+|\[[0-9A-Fa-f:.]+\])$/, "must be a name or an IP address");
/** A user or group of the system. */
const Account = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, 'must be letters, digits and "_ . -"');
/** Segments without a pattern or an escape in any configuration language. */
const MountPath = z
  .string()
  .regex(/^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/, 'must be "/" and segments of letters, digits and ". _ ~ -"');
/** Translated and escaped for each configuration language. */
const Glob = z
  .string()
  .min(1)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, "must have no control characters");
const Variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be letters, digits and _");
/** One message for all faults. */
const PORT = "must be an integer from 1 to 65535";
const Port = z.number(PORT).int(PORT).min(1, PORT).max(65_535, PORT);

/** Where a Web server reaches the application. It needs no escaping. */
const Address = z
  .string()
  .refine(
    (address) => parseSocket(address) !== undefined,
    'must be like "a.example:9000", "10.0.0.2:9000", "[fd00::2]:9000" or "unix:/run/books/app.sock"',
  );
const SOME = "must be an address or a list of addresses";
/** For the affinity of sessions. */
const Affinity = z
  .string()
  .regex(/^(?:user|cookie:[A-Za-z0-9_.-]{1,64})$/, 'must be "user" or like "cookie:session"');

/** HTTPS, in a configuration of a whole server. */
const Tls = z.strictObject({
  certificate: AbsolutePath.optional().describe(
    "the PEM file of the certificate, with those above it; with it the server speaks HTTPS and HTTP/2",
  ),
  key: AbsolutePath.optional().describe(
    "the PEM file of the certificate's private key; by default the file of the certificate has it too",
  ),
  redirectFrom: Port.default(80).describe(
    "the port whose requests are redirected to HTTPS, if there is a certificate",
  ),
});

/** How each Web server connects to or starts the application, if it supports several ways. */
const ServerOptions = {
  apache: z.strictObject({
    responder: z
      .enum(["proxy-pass", "set-handler", "fcgid", "fastcgi", "cgi"])
      .default("proxy-pass")
      .describe(
        "mod_proxy_fcgi with ProxyPass or SetHandler; mod_fcgid, which starts the command; mod_fastcgi, which is no " +
          "longer packaged; or a plain CGI program",
      ),
    authorizer: z
      .enum([
        "check-authn",
        "authn",
        "authz",
        "authnz",
        "fastcgi-authenticator",
        "fastcgi-authorizer",
        "fastcgi-access-checker",
        "fcgid-authenticator",
        "fcgid-authorizer",
        "fcgid-access-checker",
      ])
      .optional()
      .describe(
        "one of mod_authnz_fcgi's four forms, of which only check-authn shows the application's own denial, or one of " +
          "mod_fcgid's or mod_fastcgi's three hooks; fcgid-access-checker if Apache starts the application, fastcgi-access-checker " +
          "with mod_fastcgi, else check-authn",
      ),
    realm: z
      .string()
      .regex(/^[^\p{Cc}\p{Cs}"\\$%]+$/u, 'must have no control characters or any of " \\ $ %')
      .default("Members")
      .describe("the realm that browsers show if Apache asks for the password: authn, authz and authnz"),
    passwordFile: AbsolutePath.optional().describe(
      "the htpasswd(1) file with which Apache checks the password: authz",
    ),
    userVariable: Variable.default("REMOTE_USER").describe(
      "the variable whose value becomes Apache's user: check-authn",
    ),
    processes: z
      .number()
      .int()
      .min(1)
      .default(8)
      .describe("the maximum number of mod_fcgid processes; each handles one request at a time"),
  }),
  lighttpd: z.strictObject({
    responder: z
      .enum(["connect", "spawn", "cgi"])
      .default("connect")
      .describe(
        "connect to a running application, spawn it with the command, or run the command as a plain CGI program",
      ),
    processes: z
      .number()
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe("the number of processes that lighttpd spawns; each handles many requests at a time"),
    sendfile: AbsolutePath.optional().describe(
      "the only folder from which lighttpd sends files for sendfile(); none by default",
    ),
  }),
  haproxy: z.strictObject({
    connections: z
      .enum(["closed", "kept", "multiplexed"])
      .default("kept")
      .describe(
        "a connection per request, kept connections, or many requests at once on each, some of which HAProxy loses",
      ),
  }),
  systemd: z.strictObject({
    units: z
      .enum(["service", "template"])
      .default("service")
      .describe("one service, or a template of which each instance is one process with its own unix socket"),
    memoryMax: z
      .string()
      .regex(/^(?:(?:100|\d{1,2})%|\d{1,15}[KMGT]?|infinity)$/, "must be like 512M, 80% or infinity")
      .default("80%")
      .describe(
        "the memory of the service, in bytes or of the machine, above which the kernel ends a process",
      ),
  }),
};

/**
 * How an application is deployed: everything that a Web server's configuration depends on besides the application's routes and
 * globs. Times are in seconds, sizes in bytes. The description of a field is also its help on the command line and its line
 * in docs/configure.md.
 */
export const DeploymentSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and "-", at most 40 characters')
    .default("application")
    .describe("the name of units, upstreams and folders"),
  listen: z
    .union([Word, z.array(Word).min(1, SOME)], SOME)
    .optional()
    .describe(
      "the addresses that the application listens on, such as unix:/run/books/app.sock; by default 127.0.0.1:9000, or those of " +
        "--upstream",
    ),
  upstream: z
    .union([Address, z.array(Address).min(1, SOME)], SOME)
    .optional()
    .describe(
      "the addresses at which the Web server reaches the application, such as a.example:9000; by default those of --listen; nginx " +
        "and HAProxy balance between several",
    ),
  affinity: Affinity.optional().describe(
    "sends requests to the same upstream if they have the same value of a cookie, such as cookie:session, or the same user of " +
      "Basic credentials: user",
  ),
  drain: z
    .array(Address)
    .optional()
    .describe("upstreams that get no new requests, such as a host that is about to be stopped"),
  statusPort: Port.optional().describe(
    "the port of tricorn serve --status-listen on each upstream, whose /ping HAProxy asks; by default it asks the application",
  ),
  protocol: z
    .enum(["fastcgi", "scgi"])
    .default("fastcgi")
    .describe("what the Web server speaks to the application: FastCGI or SCGI"),
  serverName: HostName.default("localhost").describe("the host name of the site"),
  bind: BindAddress.optional().describe(
    "the address that the Web server listens on; all addresses by default",
  ),
  port: Port.optional().describe(
    "the port that the Web server listens on; by default 443 with a certificate, else 80",
  ),
  root: AbsolutePath.optional().describe("the folder of static and filtered files"),
  links: z
    .enum(["refused", "followed"])
    .default("refused")
    .describe(
      "whether symbolic links are followed, which can lead to protected files and out of the root; " +
        "Caddy and H2O always follow links",
    ),
  mount: z
    .union([z.literal(""), MountPath])
    .default("")
    .describe('the path prefix of the application, such as /app; "" for the root'),
  protect: z
    .array(Glob)
    .optional()
    .describe(
      "globs of paths that an authorizer must allow, below the mount, in addition to those of the application's authorizers",
    ),
  filter: z
    .array(Glob)
    .optional()
    .describe("globs of filtered files, below the mount, in addition to those of the application's filters"),
  streams: z
    .array(Glob)
    .optional()
    .describe(
      "globs of streamed responses, below the mount, in addition to the application's streaming routes",
    ),
  variables: z
    .array(Variable)
    .optional()
    .describe("variables that authorizers set, in addition to those in @Authorizer({ variables })"),
  maxBodyBytes: z
    .number()
    .int()
    .min(1)
    .max(1024 ** 4)
    .default(64 * 1024 ** 2)
    .describe("the maximum size of a request body, in bytes"),
  timeout: z
    .number()
    .int()
    .min(1)
    .max(24 * 60 * 60)
    .default(60)
    .describe(
      "how long the Web server waits for the application, in seconds; more than timeouts.handler, so that its 504 arrives",
    ),
  command: z
    .array(z.string().regex(/^[^\p{Cc}\p{Cs}]+$/u, "must have no control characters"))
    .min(1)
    .optional()
    .describe("the command that starts the application, for systemd, mod_fcgid, lighttpd and CGI"),
  directory: AbsolutePath.optional().describe(
    "the working directory of the command; by default the current one if the command is given on the command line",
  ),
  user: Account.optional().describe("the user of the application, for systemd"),
  webServerGroup: Account.default("www-data").describe(
    "the group of the Web server, which may connect to the unix socket",
  ),
  webServerUser: Account.optional().describe(
    "the user of the Web server's workers if root starts it; the server's default by default",
  ),
  part: z
    .enum(["whole", "into"])
    .default("whole")
    .describe("whether to write a whole server, or what a site that exists includes"),
  state: AbsolutePath.optional().describe(
    "the folder for the Web server's pid file, logs and temporary files; the system's folders by default",
  ),
  tls: Tls.prefault({}),
  apache: ServerOptions.apache.prefault({}),
  lighttpd: ServerOptions.lighttpd.prefault({}),
  haproxy: ServerOptions.haproxy.prefault({}),
  systemd: ServerOptions.systemd.prefault({}),
});

/** A checked deployment with all defaults. */
export type Deployment = Omit<z.output<typeof DeploymentSchema>, "listen" | "upstream"> & {
  readonly port: number;
  readonly listen: Addresses;
  readonly upstream: Addresses;
};

/** A deployment as the user writes it. */
export type DeploymentInput = z.input<typeof DeploymentSchema>;

/**
 * Checks a deployment and applies the defaults.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` that lists every invalid field
 */
export function parseDeployment(input: unknown): Deployment {
  const { success, data, error } = DeploymentSchema.safeParse(input, { error: issueFact });
  const deployment = success ? withDefaults(data) : undefined;
  const facts =
    deployment === undefined
      ? error!.issues.map(({ path, message }) => `${path.join(".") || "it"}: ${message}`)
      : upstreamFaults(deployment);
  if (deployment !== undefined && facts.length === 0) return deployment;
  throw new ConfigurationError("ERR_DEPLOYMENT", `Cannot read deployment: ${facts.join("; ")}`, error);
}

/** The defaults that depend on other fields. */
function withDefaults(data: z.output<typeof DeploymentSchema>): Deployment {
  const { listen, upstream = listen ?? "127.0.0.1:9000", port, tls } = data;
  return {
    ...data,
    listen: listOf(listen ?? upstream),
    upstream: listOf(upstream),
    port: port ?? (tls.certificate === undefined ? 80 : 443),
  };
}

function listOf(addresses: string | readonly string[]): Addresses {
  return (typeof addresses === "string" ? [addresses] : addresses) as Addresses;
}
