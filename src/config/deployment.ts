import { z } from "zod";

import { ConfigurationError } from "../errors.js";

/** Nothing that could end a line, a quoted word or a block of any configuration language. */
const Word = z
  .string()
  .min(1)
  .regex(
    /^[^\p{Cc}\p{Cs}\s"'`\\;{}<>$]+$/u,
    "must have no blanks, quotes, control characters or any of \\ ; { } < > $",
  );

const AbsolutePath = Word.startsWith("/", "must be an absolute path");
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
  .regex(/^[^\p{Cc}]+$/u, "must have no control characters");
const Variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be letters, digits and _");
const Port = z.number().int().min(1).max(65_535);

/** How the application is reached or started, for each Web server that knows several ways. */
const Doors = {
  apache: z.strictObject({
    /**
     * `proxy-pass` and `set-handler`: mod_proxy_fcgi; `fcgid`: mod_fcgid starts the command; `cgi`: a plain CGI program.
     */
    responder: z.enum(["proxy-pass", "set-handler", "fcgid", "cgi"]).default("proxy-pass"),
    /**
     * mod_authnz_fcgi's four forms, or mod_fcgid's three hooks. `check-authn` is the only one that shows the
     * application's own denial. If left out, `fcgid-access-checker` where Apache starts the application, else
     * `check-authn`.
     */
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
      .optional(),
    /** For `authn`, `authz` and `authnz`, where Apache asks for the password: the realm that browsers show. */
    realm: z
      .string()
      .regex(/^[^\p{Cc}\p{Cs}"\\$%]+$/u, 'must have no control characters or any of " \\ $ %')
      .default("Members"),
    /** For `authz`: the file of htpasswd(1) that Apache checks the password with. */
    passwordFile: AbsolutePath.optional(),
    /** The variable whose value becomes Apache's user with `check-authn`. */
    userVariable: Variable.default("REMOTE_USER"),
    /** With mod_fcgid: the most processes. Each answers one request at a time. */
    processes: z.number().int().min(1).default(8),
  }),
  lighttpd: z.strictObject({
    /** `connect`: it is running already; `spawn`: lighttpd starts the command; `cgi`: a plain CGI program. */
    responder: z.enum(["connect", "spawn", "cgi"]).default("connect"),
    /** With `spawn`: how many processes. Each answers many requests at a time. */
    processes: z.number().int().min(1).max(64).default(1),
  }),
  haproxy: z.strictObject({
    /** One connection for each request, connections that are kept, or many requests at once on each. */
    connections: z.enum(["closed", "kept", "multiplexed"]).default("multiplexed"),
  }),
};

/**
 * How an application is deployed: all that a Web server's configuration depends on beside the application's own routes
 * and globs. Times are seconds, sizes are bytes.
 */
export const DeploymentSchema = z.strictObject({
  /** The name of units, upstreams and folders: letters, digits and "-". */
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and "-", 40 at most')
    .default("application"),
  /** Where the application listens: `127.0.0.1:9000` or `unix:/run/books/app.sock`. */
  listen: Word.default("127.0.0.1:9000"),
  /** The host name that the Web server answers for. */
  serverName: HostName.default("localhost"),
  /** The address that the Web server listens on; every one of the machine if left out. */
  bind: BindAddress.optional(),
  /** The port that the Web server listens on. */
  port: Port.default(80),
  /** The folder of static files, and of those that filters transform; none if left out. */
  root: AbsolutePath.optional(),
  /** The path that the application is found below: "/app", or "" for the root. */
  mount: z.union([z.literal(""), MountPath]).default(""),
  /** Globs of what an authorizer must allow first, below the mount, beside those of the application's authorizers. */
  protect: z.array(Glob).optional(),
  /** Globs of the files that pass through a filter, below the mount, beside those of the application's filters. */
  filter: z.array(Glob).optional(),
  /** Globs of what is answered by streams, below the mount, beside the application's routes that say so. */
  streams: z.array(Glob).optional(),
  /** Variables that authorizers hand on, beside those that `@Authorizer({ variables })` names. */
  variables: z.array(Variable).optional(),
  /** The largest request body. */
  maxBodyBytes: z
    .number()
    .int()
    .min(1)
    .default(64 * 1024 ** 2),
  /** How long the Web server waits for the application. Above `timeouts.handler`, so that the application's 504 arrives. */
  timeout: z.number().int().min(1).default(60),
  /** The command that runs the application, for what starts it: systemd, mod_fcgid, lighttpd, CGI. */
  command: z
    .array(z.string().regex(/^[^\p{Cc}\p{Cs}]+$/u, "must have no control characters"))
    .min(1)
    .optional(),
  /** The folder that the command is run in. */
  directory: AbsolutePath.optional(),
  /** The user that the application runs as, for systemd. */
  user: Account.optional(),
  /** The group of the Web server, which may connect to the unix socket. */
  webServerGroup: Account.default("www-data"),
  /** Whether the main file of the Web server is written, or only the part that is dropped into an existing one. */
  part: z.enum(["whole", "site"]).default("whole"),
  /** The user that the Web server's workers run as, where it is started by root; its own default if left out. */
  webServerUser: Account.optional(),
  /** The folder for the Web server's pid file, sockets, logs and temporary files; the distribution's own places if left out. */
  state: AbsolutePath.optional(),
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
  const { success, data, error } = DeploymentSchema.safeParse(input);
  if (success) return data;
  const facts = error.issues.map(({ path, message }) => `${path.join(".") || "it"}: ${message}`);
  throw new ConfigurationError("ERR_DEPLOYMENT", `Cannot read deployment: ${facts.join("; ")}`, error);
}
