import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Configuration, ConfigurationWriter } from "../../src/config/configuration.js";
import { parseDeployment, type DeploymentInput } from "../../src/config/deployment.js";
import { hiawatha } from "../../src/config/hiawatha.js";
import { iis } from "../../src/config/iis.js";
import { jetty } from "../../src/config/jetty.js";
import { openLiteSpeed } from "../../src/config/open-lite-speed.js";
import { openBsdHttpd } from "../../src/config/openbsd-httpd.js";
import { ConfigurationError } from "../../src/errors.js";
import { anyDeployment, library } from "./support/deployments.js";

const command = ["C:\\Program Files\\nodejs\\node.exe", "main.js"];
const writers: readonly (readonly [string, ConfigurationWriter])[] = [
  ["Hiawatha", hiawatha],
  ["IIS", iis],
  ["OpenBSD httpd", openBsdHttpd],
  ["OpenLiteSpeed", openLiteSpeed],
];

function write(writer: ConfigurationWriter, input: DeploymentInput, description = library): Configuration {
  return writer({
    deployment: parseDeployment({ command, listen: "127.0.0.2:9000", ...input }),
    description,
  });
}

describe.each(writers)("the configuration of %s", (server, writer) => {
  test("says that it was not tested, also in the file", () => {
    const configuration = write(writer, {});
    expect(configuration.isTested).toBe(false);
    expect(configuration.files.length).toBeGreaterThan(0);
    for (const { text } of configuration.files) {
      expect(text).toContain(`This follows the documentation of ${server}. Tricorn's tests do not run it.`);
    }
  });

  test("has the application ask its authorizers, and serves no protected file", () => {
    const { needs, notes } = write(writer, { root: "/srv/books", mount: "/app" });
    expect(needs).toEqual({
      mount: "/app",
      vouchesFor: ["AUTH_USER", "REMOTE_USER"],
      bridges: { authorizer: { inProcess: true }, filter: { root: "/srv/books" } },
    });
    expect(notes.join()).toContain("No static file of the root is served");
  });

  test("forwards to the application, with its limits", () => {
    const { files } = write(writer, { listen: "127.0.0.2:9123", timeout: 61, maxBodyBytes: 1024 * 1024 });
    const text = files.map((file) => file.text).join("");
    expect(text).toMatch(
      server === "IIS" ? /scriptProcessor="C:.Program Files.nodejs.node\.exe\|main\.js"/ : /\b9123\b/,
    );
    expect(text).toMatch(/\b61\b/);
    if (server !== "OpenLiteSpeed") expect(text).toMatch(/\b(?:1048576|1024)\b/);
  });
});

test("Hiawatha and IIS serve files if there are no authorizers and filters", () => {
  const description = { ...library, authorizers: [], filters: [] };
  expect(write(hiawatha, { root: "/srv" }, description).files[0]!.text).toContain("RequestURI exists Return");
  expect(write(iis, { root: "/srv" }, description).files[0]!.text).toContain("StaticFileModule");
});

test.each([
  [
    openBsdHttpd,
    { listen: "unix:/run/books.sock" },
    /it has no access outside \/var\/www, but listen is unix:\/run\/books\.sock/,
  ],
  [
    hiawatha,
    { listen: "unix:/run/books.sock" },
    /it takes paths for files .* let it listen on 127\.0\.0\.2:9000/,
  ],
  [hiawatha, { listen: "127.0.0.1:9000" }, /the application listens on 127\.0\.0\.1:9000/],
  [hiawatha, { listen: "[::1]:9000" }, /the application listens on \[::1\]:9000/],
  [jetty, { listen: "unix:/run/books.sock" }, /Cannot configure Jetty: it connects over TCP only/],
])("is refused if the server cannot connect", (writer, deployment, message) => {
  expect(() => write(writer, deployment)).toThrow(message);
});

test("Hiawatha runs what is no file, and finds its media types", () => {
  const { text } = write(hiawatha, {}).files[0]!;
  expect(text).toContain("\nExecuteCGI = yes\n");
  expect(text).toContain("\nMimetypeConfig = /etc/hiawatha/mimetype.conf\n");
});

test("IIS gets time limits that it accepts, and does not end a stream", () => {
  const limits = (timeout: number): string => write(iis, { timeout }).files[1]!.text;
  expect(limits(5)).toContain('activityTimeout="10" requestTimeout="604800"');
  expect(limits(7200)).toContain('activityTimeout="3600" requestTimeout="604800"');
});

test("IIS is refused without a command", () => {
  const deployment = parseDeployment({});
  expect(() => iis({ deployment, description: library })).toThrow(/Cannot configure IIS: .* no command/);
});

describe("Jetty", () => {
  const open = { ...library, authorizers: [] };

  test("serves files if it can distinguish them, and otherwise leaves everything to the application", () => {
    const description = {
      ...open,
      filters: [],
      responders: [{ routes: [{ path: "/books/:id" }, { path: "/" }] }],
    };
    const files = (input: DeploymentInput, told = description): boolean =>
      write(jetty, input, told).files[0]!.text.includes("TryFilesFilter");
    expect(files({ root: "/srv" })).toBe(true);
    expect(files({ root: "/srv", filter: ["*.md"] })).toBe(true);
    expect(files({ root: "/srv", filter: ["/pages/**"] })).toBe(false);
    expect(files({ root: "/srv", protect: ["/members/**"] })).toBe(false);
    expect(files({ root: "/srv", mount: "/app" })).toBe(false);
    expect(files({})).toBe(false);
    expect(files({ root: "/srv" }, { ...description, responders: [{ routes: [{ path: "/:page" }] }] })).toBe(
      false,
    );
  });

  test("has the application ask its authorizers", () => {
    expect(write(jetty, { root: "/srv" }).needs).toEqual({
      vouchesFor: ["AUTH_USER", "REMOTE_USER"],
      bridges: { authorizer: { inProcess: true }, filter: { root: "/srv" } },
    });
  });
});

test.each([...writers, ["Jetty", jetty] as const])(
  "no text of a deployment adds a line or a tag: %s",
  (_, writer) => {
    let taken = 0;
    fc.assert(
      fc.property(anyDeployment, (input) => {
        let configuration: Configuration;
        try {
          configuration = write(writer, input);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigurationError);
          return;
        }
        taken += 1;
        const tame = {
          ...input,
          listen: "127.0.0.2:9000",
          command: input.command?.map(() => "a") ?? command,
          ...(input.root !== undefined && { root: "/srv" }),
          ...(input.state !== undefined && { state: "/tmp" }),
        };
        expect(skeletonOf(configuration)).toEqual(skeletonOf(write(writer, tame)));
      }),
      { numRuns: 300 },
    );
    expect(taken).toBeGreaterThan(30);
  },
);

/** The first word of each line, and in XML the tags and attributes. */
function skeletonOf({ files }: Configuration): string[] {
  return files.flatMap(({ text }) =>
    text.startsWith("<")
      ? text
          .replaceAll(/"[^"<>]*"/g, '""')
          .replaceAll(/&#\d+;/g, "")
          .match(/<[^>]*>|&/g)!
      : text.split("\n").map((line) => /^\s*(\S*)/.exec(line)![1]!),
  );
}
