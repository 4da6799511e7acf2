import { z } from "zod";

import { ConfigurationError } from "../errors.js";
import { issueFact } from "./issue-fact.js";

/** Nothing that could end a line, a quoted word or a block of any configuration language. */
const Word = z
  .string()
  .min(1)
  .regex(
    /^[^\p{Cc}\p{Cs}\s"'`\\;{}<>$]+$/u,
    "must have no blanks, quotes, control characters or any of \\ ; { } < > $",
  );

/** `isPath` lets the command line take a relative one. */
const AbsolutePath = Word.startsWith("/", "must be an absolute path").meta({ isPath: true });
/** All languages take it as it is. `*` stands for several names. */
const HostName = z.string().regex(/^[A-Za-z0-9*._-]+$/, 'must be letters, digits and ". _ - *"');
const BindAddress = z
  .string()
  .regex(/^(?:[A-Za-z0-9.-]+|[0-9A-Fa-f:.]+|\[[0-9A-Fa-f:.]+\])$/, "must be a name or an IP address");
/** Of the system. */
const Account = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, 'must be letters, digits and "_ . -"');
/** Plain segments, which no language takes for a pattern or an escape. */
const MountPath = z
  .string()
  .regex(/^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/, 'must be "/" and segments of letters, digits and ". _ ~ -"');
/** Each configuration language gets it translated and escaped. */
const Glob = z
  .string()
  .min(1)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, "must have no control characters");
const Variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be letters, digits and _");
/** Said once, whatever is wrong with it. */
const PORT = "must be a whole number from 1 to 65535";
const Port = z.number(PORT).int(PORT).min(1, PORT).max(65_535, PORT);

/** How the application is reached or started, for each Web server that knows several ways. */
const Doors = {
  apache: z.strictObject({
    responder: z
      .enum(["proxy-pass", "set-handler", "fcgid", "cgi"])
      .default("proxy-pass")
      .describe(
        "mod_proxy_fcgi by ProxyPass or by SetHandler; mod_fcgid, which starts the command; or a plain CGI program",
      ),
    authorizer: z
      .enum([
        "check-authn",
        "authn",
        "authz",
        "authnz",
        "fcgid-authenticator",
        "fcgid-authorizer",
        "fcgid-access-checker",
      ])
      .optional()
      .describe(
        "one of mod_authnz_fcgi's four forms, of which check-authn alone shows the application's own denial, or of " +
          "mod_fcgid's three hooks; fcgid-access-checker where Apache starts the application, else check-authn",
      ),
    realm: z
      .string()
      .regex(/^[^\p{Cc}\p{Cs}"\\$%]+$/u, 'must have no control characters or any of " \\ $ %')
      .default("Members")
      .describe("the realm that browsers show, where Apache asks for the password: authn, authz and authnz"),
    passwordFile: AbsolutePath.optional().describe(
      "the file of htpasswd(1) that Apache checks the password with: authz",
    ),
    userVariable: Variable.default("REMOTE_USER").describe(
      "the variable whose value becomes Apache's user: check-authn",
    ),
    processes: z
      .number()
      .int()
      .min(1)
      .default(8)
      .describe("the most processes that mod_fcgid starts; each answers one request at a time"),
  }),
  lighttpd: z.strictObject({
    responder: z
      .enum(["connect", "spawn", "cgi"])
      .default("connect")
      .describe(
        "connect to an application that runs, spawn it by the command, or run the command as a plain CGI program",
      ),
    processes: z
      .number()
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe("how many processes lighttpd spawns; each answers many requests at a time"),
    sendfile: AbsolutePath.optional().describe(
      "the folder below which lighttpd sends the files that sendfile() names, and no others; none if left out",
    ),
  }),
  haproxy: z.strictObject({
    connections: z
      .enum(["closed", "kept", "multiplexed"])
      .default("kept")
      .describe(
        "a connection for each request, connections that are kept, or many requests at once on each, of which HAProxy loses some",
      ),
  }),
};

/**
 * How an application is deployed: all that a Web server's configuration depends on beside the application's own routes
 * and globs. Times are seconds, sizes are bytes. What is said of a field here is also its help on the command line, and
 * its line in docs/configure.md.
 */
export const DeploymentSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and "-", 40 at most')
    .default("application")
    .describe("the name of units, upstreams and folders"),
  listen: Word.default("127.0.0.1:9000").describe(
    "where the application listens: 127.0.0.1:9000 or unix:/run/books/app.sock",
  ),
  serverName: HostName.default("localhost").describe("the host name that the Web server answers for"),
  bind: BindAddress.optional().describe(
    "the address that the Web server listens on; all of the machine's if left out",
  ),
  port: Port.default(80).describe("the port that the Web server listens on"),
  root: AbsolutePath.optional().describe("the folder of static files, and of those that filters transform"),
  links: z
    .enum(["refused", "followed"])
    .default("refused")
    .describe(
      "whether files behind symbolic links are served, which can lead past what is protected and out of the root; " +
        "Caddy and H2O follow links whatever is said here",
    ),
  mount: z
    .union([z.literal(""), MountPath])
    .default("")
    .describe('the path that the application is found below, such as /app; "" for the root'),
  protect: z
    .array(Glob)
    .optional()
    .describe(
      "globs of what an authorizer must allow, below the mount, beside those of the application's authorizers",
    ),
  filter: z
    .array(Glob)
    .optional()
    .describe("globs of files that are filtered, below the mount, beside those of the application's filters"),
  streams: z
    .array(Glob)
    .optional()
    .describe("globs of answers that stream, below the mount, beside the application's routes that do"),
  variables: z
    .array(Variable)
    .optional()
    .describe("variables that authorizers hand on, beside those that @Authorizer({ variables }) names"),
  maxBodyBytes: z
    .number()
    .int()
    .min(1)
    .max(1024 ** 4)
    .default(64 * 1024 ** 2)
    .describe("the largest request body, in bytes"),
  timeout: z
    .number()
    .int()
    .min(1)
    .max(24 * 60 * 60)
    .default(60)
    .describe(
      "how long the Web server waits for the application, in seconds; above timeouts.handler, so that its 504 arrives",
    ),
  command: z
    .array(z.string().regex(/^[^\p{Cc}\p{Cs}]+$/u, "must have no control characters"))
    .min(1)
    .optional()
    .describe("the command that runs the application, for what starts it: systemd, mod_fcgid, lighttpd, CGI"),
  directory: AbsolutePath.optional().describe(
    "the folder that the command is run in; the current one if left out where the command is named on the command line",
  ),
  user: Account.optional().describe("the user that the application runs as, for systemd"),
  webServerGroup: Account.default("www-data").describe(
    "the group of the Web server, which may connect to the unix socket",
  ),
  webServerUser: Account.optional().describe(
    "the user that the Web server's workers run as, where root starts it; its own default if left out",
  ),
  part: z
    .enum(["whole", "site"])
    .default("whole")
    .describe(
      "whether the main file of the Web server is written, or only a part to drop into an existing one",
    ),
  state: AbsolutePath.optional().describe(
    "the folder for the Web server's pid file, logs and temporary files; the system's own places if left out",
  ),
  apache: Doors.apache.prefault({}),
  lighttpd: Doors.lighttpd.prefault({}),
  haproxy: Doors.haproxy.prefault({}),
});

/** A description that was checked, with everything that was left out filled in. */
export type Deployment = z.output<typeof DeploymentSchema>;

/** A description as it is written. */
export type DeploymentInput = z.input<typeof DeploymentSchema>;

/**
 * Checks a description.
 *
 * @throws ConfigurationError `ERR_DEPLOYMENT` that names each place that is wrong
 */
export function parseDeployment(input: unknown): Deployment {
  const { success, data, error } = DeploymentSchema.safeParse(input, { error: issueFact });
  if (success) return data;
  const facts = error.issues.map(({ path, message }) => `${path.join(".") || "it"}: ${message}`);
  throw new ConfigurationError("ERR_DEPLOYMENT", `Cannot read deployment: ${facts.join("; ")}`, error);
}
