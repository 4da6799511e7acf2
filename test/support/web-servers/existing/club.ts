import { mkdirSync, writeFileSync } from "node:fs";
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
  serve,
  type ApplicationDescription,
  type AuthorizerRequest,
  type FilterRequest,
  type ResponderRequest,
} from "tricorn";

import { configure } from "../../../../src/config/configure.js";
import type { Configuration } from "../../../../src/config/configuration.js";
import type { DeploymentInput } from "../../../../src/config/deployment.js";
import { capturedLog } from "../../served.js";
import { sha256 } from "../payload.js";
import { freeAddress } from "../scene.js";
import { Stage } from "../stage.js";

/** Text that only members may read. */
export const CANARY = "The canary sings";
/** The field that makes a member. */
export const MEMBER = { "x-member": "yes" } as const;
/** Protected paths below the mount, as an ordinary client writes them. */
export const PROTECTED = ["/members/card.txt", "/members/page", "/deep/er/it.secret"];

@Responder()
class Club {
  constructor(private readonly stage: Stage) {}

  @Get("/")
  home() {
    return "club\n";
  }

  @Get("/facts/*")
  @Get("/members/page")
  facts(@Req() { scheme, url, mount, path, user, params }: ResponderRequest) {
    const secret = path.startsWith("/members/") ? CANARY : undefined;
    return { scheme, url: url?.href, https: params.get("HTTPS"), mount, path, user, secret };
  }

  @Post("/upload")
  upload(@Body.bytes({ limit: 2 ** 26 }) body: Buffer) {
    return { bytes: body.length, sha256: sha256(body) };
  }

  @Get("/ticks")
  async *ticks() {
    const goOn = this.stage.when("go on");
    yield "first\n";
    await goOn;
    yield "second\n";
  }

  /** Until the client leaves. */
  @Get("/pour")
  async *pour() {
    try {
      const piece = Buffer.alloc(16 * 1024, "pour ");
      for (;;) yield piece;
    } finally {
      this.stage.tell("stopped");
    }
  }
}

@Authorizer({ paths: ["/members/**", "*.secret"], variables: ["AUTH_USER"] })
class Gate {
  authorize({ headers }: AuthorizerRequest) {
    return headers.get("x-member") === "yes" ? allow({ AUTH_USER: "ada" }) : deny(403);
  }
}

@Filter("*.md", { type: "text/plain; charset=utf-8" })
class Shout {
  async *filter({ data }: FilterRequest) {
    for await (const piece of data) yield Buffer.from(piece).toString().toUpperCase();
  }
}

const FILES = {
  "poem.txt": "one\n",
  "style.css": "a {}\n",
  "folder/index.html": "folder\n",
  "shout.md": "loud\n",
  "run.php": "<?php echo 'source';\n",
  "members/card.txt": CANARY,
  "members/card.php": `<?php /* ${CANARY} */\n`,
  "members/shout.md": CANARY,
  "deep/er/it.secret": CANARY,
};

/** The club behind a Web server: an application with all roles, and files. */
export interface ServedClub {
  /** The configuration of a Web server for it. */
  readonly configuration: Configuration;
  /** `127.0.0.1:9000`, or the path of a unix socket. */
  readonly address: string;
  readonly description: ApplicationDescription;
  readonly root: string;
  readonly stage: Stage;
  close(): Promise<void>;
}

/** Where and how the club is served. */
export interface ClubOptions {
  readonly folder: string;
  readonly deployment: DeploymentInput;
  /** A unix socket by default. */
  readonly over?: "tcp" | "unix" | undefined;
}

/** Serves the club in this process, with the options that the configuration of a Web server names. */
export async function serveClub(
  server: string,
  { folder, deployment, over = "unix" }: ClubOptions,
): Promise<ServedClub> {
  const root = join(folder, "club");
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  const controllers = [Club, Gate, Shout];
  const { description } = createApplication({ controllers, container: createContainer() });
  const address = await freeAddress(over, folder);
  const configuration = configure(server, {
    deployment: {
      listen: over === "tcp" ? address : `unix:${address}`,
      root,
      name: "club",
      state: folder,
      ...deployment,
    },
    description,
  });
  const { mount, ...options } = configuration.needs;
  const container = createContainer();
  const { log } = capturedLog();
  const application = createApplication({
    controllers,
    container,
    log,
    ...(mount !== undefined && { mount }),
  });
  const served = await serve(application, address, {
    ...options,
    signals: false,
    timeouts: { shutdown: 0 },
    ...(process.getuid?.() === 0 && { socketAccess: { group: "www-data" } }),
  });
  return {
    configuration,
    address,
    description,
    root,
    stage: container.resolve(Stage),
    close: () => served.close(),
  };
}
