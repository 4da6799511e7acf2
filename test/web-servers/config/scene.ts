import { channel } from "node:diagnostics_channel";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  Authorizer,
  Body,
  Filter,
  Get,
  Post,
  Req,
  Responder,
  allow,
  createApplication,
  createContainer,
  deny,
  redirect,
  serve,
  type AuthorizerRequest,
  type FilterRequest,
  type ResponderRequest,
} from "tricorn";

import { parseDeployment, type DeploymentInput } from "../../../src/config/deployment.js";
import { servers } from "../../../src/config/servers.js";
import { capturedLog } from "../../support/served.js";
import { Stage } from "../../support/web-servers/stage.js";
import { WebServer } from "../../support/web-servers/web-server.js";
import { started, unknown, type Started } from "../../config/support.js";

/** Text that only admitted clients may read. */
export const CANARY = "The canary sings";

/** What a responder sees of a request. */
export interface Seen {
  readonly mount: string;
  readonly path: string;
  readonly user: string | null;
  readonly params: Readonly<Record<string, string>>;
}

@Responder()
class Library {
  constructor(private readonly stage: Stage) {}

  @Get("/")
  home() {
    return "home\n";
  }

  @Get("/seen/*")
  @Get("/members/seen")
  @Get("/books/:id")
  @Get("/secret")
  seen(@Req() { mount, path, user, params }: ResponderRequest): Seen {
    return { mount, path, user: user ?? null, params: Object.fromEntries(params) };
  }

  /** Percent-encoded in part. */
  @Get("/spaced%20out/zürich")
  @Get("/z%C3%BCrich/%40me")
  spaced() {
    return "spaced\n";
  }

  @Get("/ticks")
  async *ticks() {
    const goOn = this.stage.when("go on");
    yield "first\n";
    await goOn;
    yield "second\n";
  }

  @Post("/length")
  @Post("/members/length")
  length(@Body.bytes({ limit: 2 ** 24 }) body: Buffer) {
    return { bytes: body.length };
  }
}

@Authorizer({
  paths: ["/members/**", "*.secret", "/books/*", "/secret", "/hidden/index.html"],
  variables: ["AUTH_USER"],
})
class Gate {
  authorize({ query, method }: AuthorizerRequest) {
    const mode = query.get("mode");
    if (mode === "allow") return allow({ AUTH_USER: `ada by ${method}` });
    if (mode === "redirect") return redirect("/log-in?from=members", 303);
    if (mode === "challenge")
      return deny(401, { headers: { "WWW-Authenticate": "Bearer", "Set-Cookie": "seen=1" } });
    if (mode === "gone") return deny(410);
    if (mode === "throw") throw new Error("The gate fell down");
    return deny(403);
  }
}

@Filter(["*.md", "/loud/*.html"], { type: "text/plain; charset=utf-8" })
class Shout {
  async *filter({ data }: FilterRequest) {
    for await (const piece of data) yield Buffer.from(piece).toString().toUpperCase();
  }
}

/** The files of the root. */
const FILES = {
  "poem.txt": "one\n",
  "a b.txt": "two\n",
  "shout.md": "loud\n",
  "members/card.txt": CANARY,
  "members/shout.md": CANARY,
  "MEMBERS/card.txt": CANARY,
  "members/line\nend.txt": CANARY,
  "deep/er/it.secret": CANARY,
  "hidden/index.html": CANARY,
  "loud/index.html": "loud index\n",
  "folder/index.html": "folder\n",
  "folder/.git/config": "dot file\n",
  ".git/config": "dot file\n",
  "spaced out/zürich": "a file in the place of a route\n",
  "seen/it": "a file in the place of a route\n",
  ".well-known/proof": "proof\n",
};

/** How a scene is set. */
export interface SceneOptions {
  readonly server: Started;
  readonly over: "tcp" | "unix";
  readonly mount: string;
  readonly deployment?: DeploymentInput;
  readonly withRoot?: boolean;
  readonly withGate?: boolean;
  /** Whether the configuration is written with what the application says of itself. */
  readonly isKnown?: boolean;
  /** What an administrator changes in the configuration. */
  readonly edit?: (text: string) => string;
  /** Adds further files to the root. */
  readonly prepare?: (files: string) => void;
}

/** A Web server with its generated configuration, in front of an application with the options for it. */
export interface Scene {
  readonly url: string;
  readonly webServer: WebServer;
  readonly stage: Stage;
  /** How many FastCGI connections the application has accepted. */
  readonly connections: number;
  close(): Promise<void>;
}

export async function setScene({
  server,
  over,
  mount,
  deployment,
  withRoot = true,
  withGate = true,
  isKnown = true,
  edit,
  prepare,
}: SceneOptions): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-scene-"));
  chmodSync(folder, 0o755);
  const root = join(folder, "www");
  for (const [name, text] of Object.entries(FILES)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  prepare?.(root);
  const container = createContainer();
  const controllers = [Library, ...(withGate ? [Gate] : []), Shout];
  const { log } = capturedLog();
  const own = createApplication({ controllers, container: createContainer(), log }).description;
  const description = isKnown ? own : unknown;
  const told = { mount, ...(withRoot && { root }), ...deployment };
  const { needs } = servers[server]!({ deployment: parseDeployment(told), description });
  const { mount: toldMount, ...options } = needs;
  const application = createApplication({ controllers, container, log, mount: toldMount });
  const socket = join(folder, "app.sock");
  const served = await serve(application, over === "tcp" ? 0 : socket, {
    ...options,
    signals: false,
    timeouts: { shutdown: 0 },
  });
  let connections = 0;
  const accepted = channel("net.server.socket");
  const count = (): number => (connections += 1);
  accepted.subscribe(count);
  const listen = over === "tcp" ? served.address : `unix:${socket}`;
  const kind = started(server, { description, deployment: { listen, ...told }, edit });
  const strike = async (): Promise<void> => {
    accepted.unsubscribe(count);
    await served.close();
    await rm(folder, { recursive: true, force: true });
  };
  const webServer = await WebServer.start(kind).catch(async (error: unknown) => {
    await strike();
    throw error;
  });
  return {
    url: webServer.url + mount,
    webServer,
    stage: container.resolve(Stage),
    get connections() {
      return connections;
    },
    close: async () => {
      await webServer.stop();
      await strike();
    },
  };
}
