// The options of a listener for its Web server, in each way to serve.
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";

import {
  Authorizer,
  Get,
  Req,
  Responder,
  allow,
  createApplication,
  deny,
  serve,
  type ListenerOptions,
  type ResponderRequest,
  type ServeOptions,
} from "tricorn";
import { testApplication } from "tricorn/testing";

import { askAsNginx } from "../support/gates.js";
import { commandOf, NodeProcess } from "../support/node-process.js";
import { get } from "../support/records.js";
import { temporaryFolder } from "../support/served.js";
import { WebServerPeer } from "../support/web-server-peer.js";
import { plainErrors } from "./support.js";

const members = commandOf("test/serve/apps/members.ts");
const everything = { bridges: { authorizer: { inProcess: true } }, vouchesFor: ["AUTH_USER"] };
const credentials = `Basic ${Buffer.from("ada:lovelace").toString("base64")}`;

let started = 0;

@Authorizer("/members/**")
class Gate {
  authorize() {
    return deny();
  }
}

@Responder()
class Pages {
  onStart() {
    started += 1;
  }

  @Get("/members/page")
  page(@Req() request: ResponderRequest) {
    return `for ${request.user}`;
  }
}

/** Serves an application on a new address until the test ends. */
async function served(
  application: Parameters<typeof serve>[0],
  options: ServeOptions,
): Promise<WebServerPeer> {
  const server = await serve(application, join(temporaryFolder(), "app.sock"), {
    signals: false,
    ...options,
  });
  onTestFinished(() => server.close());
  return WebServerPeer.connect(server.address);
}

describe("serve", () => {
  test("gives each listener its own view of one application", async () => {
    const application = createApplication([Gate, Pages]);
    started = 0;
    const trusted = await served(application, { vouchesFor: ["REMOTE_USER"] });
    const untrusted = await served(application, {});
    const guarded = await served(application, everything);
    const request = get(1, "/members/page", { params: { REMOTE_USER: "ada" } });

    expect((await trusted.send(request).answer(1)).text).toBe("for ada");
    expect((await untrusted.send(request).answer(1)).text).toBe("for undefined");
    expect((await guarded.send(request).answer(1)).status).toBe(403);
    expect(started).toBe(1);
  });

  test("honours the marker of a bridge without a declared bridge", async () => {
    const peer = await served([Gate, Pages], {});
    expect((await peer.send(askAsNginx(1, "/members/page")).answer(1)).status).toBe(403);
  });

  test.each<[string, unknown, string]>([
    ["a variable that is the client's word", { vouchesFor: ["HTTP_X_USER"] }, "ERR_VOUCHES_FOR"],
    ["an invalid variable", { vouchesFor: ["x-user"] }, "ERR_VOUCHES_FOR"],
    ["a bridge that does not exist", { bridges: { auth_request: true } }, "ERR_BRIDGE"],
    ["an option that does not exist", { bridges: { authorizer: { inprocess: true } } }, "ERR_BRIDGE"],
    ["an invalid param", { bridges: { authorizer: { uri: "X-Uri" } } }, "ERR_BRIDGE"],
  ])("does not start with %s", async (_what, options, code) => {
    started = 0;
    const path = join(temporaryFolder(), "app.sock");
    await expect(
      serve([Gate, Pages], path, { signals: false, ...(options as ServeOptions) }),
    ).rejects.toThrow(expect.objectContaining({ name: "ConfigurationError", code }));
    expect(started).toBe(0);
  });

  test("does not start if authorizers must be asked in the process, and there are none", async () => {
    const path = join(temporaryFolder(), "app.sock");
    await expect(serve([Pages], path, { signals: false, ...everything })).rejects.toThrow(
      expect.objectContaining({ code: "ERR_BRIDGE" }),
    );
  });
});

describe("serve as a CGI program", () => {
  const run = async (path: string, env: Record<string, string> = {}): Promise<readonly string[]> => {
    const process = new NodeProcess([...members], {
      stdin: "ignore",
      env: {
        OPTIONS: JSON.stringify(everything),
        GATEWAY_INTERFACE: "CGI/1.1",
        REQUEST_METHOD: "GET",
        SCRIPT_NAME: "",
        PATH_INFO: path,
        ...env,
      },
    });
    await process.ended;
    return process.output;
  };

  test("asks the authorizers in the process", async () => {
    const denied = await run("/members/page");
    expect(denied[0]).toBe("Status: 401 Unauthorized");
    expect(denied).toContain('WWW-Authenticate: Basic realm="members"');
    const allowed = await run("/members/page", { HTTP_AUTHORIZATION: credentials });
    expect([allowed[0], allowed.at(-1)]).toEqual(["Status: 200 OK", "for ada"]);
  });

  test("ignores a client's value for an authorizer's variable", async () => {
    expect((await run("/page", { AUTH_USER: "root" })).at(-1)).toBe("for all");
  });

  test("answers a question through a bridge", async () => {
    const question = { TRICORN_BRIDGE: "auth_request", REQUEST_URI: "/members/page" };
    expect((await run("/ask", question))[0]).toBe("Status: 401 Unauthorized");
    const asked = await run("/ask", { ...question, HTTP_AUTHORIZATION: credentials });
    expect(asked.slice(0, 2)).toEqual(["Status: 200 OK", "Variable-AUTH_USER: ada"]);
  });

  test("says in one line why it does not start", async () => {
    const process = new NodeProcess([...members, "127.0.0.1:0"], {
      env: { OPTIONS: JSON.stringify({ vouchesFor: ["HTTP_X_USER"] }) },
    });
    expect(await process.ended).toBe(1);
    expect(plainErrors(process)[0]).toBe(
      "Cannot serve: vouchesFor has HTTP_X_USER, which the client controls; no Web server can vouch for it",
    );
  });
});

describe("an application under test", () => {
  test("takes the listener options of serve", async () => {
    @Authorizer({ paths: "/members/**", variables: ["AUTH_USER"] })
    class Open {
      authorize() {
        return allow({ AUTH_USER: "ada" });
      }
    }
    const application = createApplication([Open, Pages]);
    const of = async (options?: ListenerOptions): Promise<string> => {
      const running = await testApplication(application, options);
      const { text } = await running.respond("/members/page", { params: { AUTH_USER: "bob" } });
      await running.close();
      return text;
    };
    expect(await of()).toBe("for undefined");
    expect(await of({ vouchesFor: ["AUTH_USER"] })).toBe("for bob");
    expect(await of(everything)).toBe("for ada");
    await expect(of({ vouchesFor: ["HTTP_X"] })).rejects.toThrow(/vouch/);
  });
});
