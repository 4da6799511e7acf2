import fc from "fast-check";

import { DeploymentSchema, parseDeployment, type DeploymentInput } from "../../../src/config/deployment.js";
import type { RouteDescription } from "../../../src/paths/routes-of.js";

/** Characters that are special in some language, and ordinary ones. */
const CHARACTERS = [
  ...Array.from("ab/.-_~:|*?+&%=#@!,^()[]{}<>$'\"\\; \t\n"),
  "ä",
  "😀",
  "\u2028",
  "\ufffe",
  "\ud800",
];

const text = fc.oneof(
  fc.string({ unit: fc.constantFrom(...CHARACTERS), maxLength: 12 }),
  fc.constantFrom(
    "${PATH}",
    "%{ENV:PATH}",
    "$1",
    "a b",
    '"',
    "\\",
    "</Location>",
    "]]>",
    "-->",
    "--",
    "|sh",
    "\nUser root",
  ),
);
const path = text.map((rest) => `/${rest}`).filter((path) => !/\/\.{1,2}(?:\/|$)/.test(path));

/** Deployments with any texts; only those that the schema accepts remain. */
export const anyDeployment: fc.Arbitrary<DeploymentInput> = fc
  .record(
    {
      name: fc.constantFrom("books", "a-b"),
      listen: fc.oneof(fc.constantFrom("127.0.0.1:9000", "[::1]:9000", "unix:/run/a.sock"), text),
      upstream: fc.oneof(
        // A name that resolves: several servers look it up when they check their configuration.
        fc.constantFrom("10.0.0.2:9000", ["unix:/run/a.sock", "[::1]:9000", "localhost:1"]),
        fc.array(fc.oneof(fc.constantFrom("127.0.0.2:9000", "localhost:9000"), text), { maxLength: 4 }),
      ),
      affinity: fc.oneof(
        fc.constantFrom("user", "cookie:sid", "cookie:__Host-a.b"),
        text.map((name) => `cookie:${name}`),
        text,
      ),
      drain: fc.array(fc.oneof(fc.constantFrom("10.0.0.2:9000", "[::1]:9000"), text), { maxLength: 2 }),
      statusPort: fc.integer({ min: 0, max: 70_000 }),
      serverName: fc.oneof(fc.constantFrom("books.example", "localhost"), text),
      root: path,
      state: fc.oneof(fc.constant("/tmp"), path),
      mount: fc.oneof(fc.constantFrom("", "/app", "/a.b/c~d"), path),
      protect: fc.array(fc.oneof(text, path), { maxLength: 3 }),
      filter: fc.array(fc.oneof(text, path), { maxLength: 3 }),
      streams: fc.array(fc.oneof(text, path), { maxLength: 3 }),
      variables: fc.array(fc.oneof(fc.constant("AUTH_USER"), text), { maxLength: 2 }),
      command: fc.array(text, { minLength: 1, maxLength: 3 }),
      directory: path,
      maxBodyBytes: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      timeout: fc.integer({ min: 1, max: 100_000 }),
      apache: fc.record(
        {
          responder: fc.constantFrom("proxy-pass" as const, "set-handler", "fcgid", "cgi"),
          authorizer: fc.constantFrom(
            "check-authn" as const,
            ...([
              "authn",
              "authz",
              "authnz",
              "fcgid-authenticator",
              "fcgid-authorizer",
              "fcgid-access-checker",
            ] as const),
          ),
          realm: text,
          passwordFile: path,
        },
        { requiredKeys: [] },
      ),
      lighttpd: fc.record({ responder: fc.constantFrom("connect" as const, "spawn", "cgi") }),
    },
    { requiredKeys: [] },
  )
  .map(withoutWhatIsRefused);

/** Removes what the schema refuses, so that a writer receives the rest of a deployment. */
function withoutWhatIsRefused(input: DeploymentInput): DeploymentInput {
  for (;;) {
    const { success, error } = DeploymentSchema.safeParse(input);
    if (success) return withoutWhatNeedsOthers(input);
    const refused = new Set(error.issues.map(({ path: [key] }) => key));
    input = Object.fromEntries(Object.entries(input).filter(([key]) => !refused.has(key)));
  }
}

/** Removes what is refused because of the upstreams, and upstreams of which one is there twice. */
function withoutWhatNeedsOthers(input: DeploymentInput): DeploymentInput {
  const { affinity: _, drain: __, statusPort: ___, ...plain } = input;
  const { upstream: ____, ...alone } = plain;
  return [input, plain, alone].find((one) => {
    try {
      return parseDeployment(one) !== undefined;
    } catch {
      return false;
    }
  })!;
}

/** An application with something of everything. */
export const library: RouteDescription = {
  responders: [
    {
      routes: [
        { path: "/books/:id" },
        { path: "/" },
        { path: "/events", streams: true },
        { path: "/files/*" },
      ],
    },
  ],
  authorizers: [{ paths: ["/members/**", "*.pdf"], variables: ["AUTH_USER", "REMOTE_USER"] }],
  filters: [{ paths: ["*.md"] }],
};
