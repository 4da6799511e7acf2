import { expect, onTestFinished, test } from "vitest";

import { jetty } from "../../../src/config/jetty.js";
import type { DeploymentInput } from "../../../src/config/deployment.js";
import { configuredJetty, descriptionOf } from "../../support/web-servers/configured.js";
import { Contract, type Seen } from "../../support/web-servers/contract.js";
import { payload } from "../../support/web-servers/payload.js";
import { serveApplication } from "../../support/web-servers/served-application.js";
import { WebServer, type WebServerKind } from "../../support/web-servers/web-server.js";

const MEBIBYTE = 1024 * 1024;
const files = { "www/poem.txt": "one\n", "www/a b.txt": "two\n", "www/index.html": "index\n" };

function contractBehind(deployment: DeploymentInput & { readonly listen: string }): WebServerKind {
  return configuredJetty({
    writer: jetty,
    description: descriptionOf(Contract),
    deployment: () => deployment,
    files,
  });
}

async function start(kind: WebServerKind): Promise<WebServer> {
  const server = await WebServer.start(kind);
  onTestFinished(() => server.stop());
  return server;
}

test("files of the root are served, other paths reach the application", async () => {
  const application = await serveApplication();
  onTestFinished(() => application.close());
  const server = await start(
    configuredJetty({
      writer: jetty,
      description: descriptionOf(Contract),
      deployment: ({ folder }) => ({ listen: application.address, root: `${folder}/www` }),
      files,
    }),
  );
  const text = async (path: string): Promise<string> => (await fetch(`${server.url}${path}`)).text();
  expect(await text("/poem.txt")).toBe("one\n");
  expect(await text("/a%20b.txt")).toBe("two\n");
  expect(await text("/hello")).toBe("Hello\n");
  const seen = (await (await fetch(`${server.url}/seen/a%20b?c=d`)).json()) as Seen;
  expect(seen).toMatchObject({ path: "/seen/a%20b", query: "c=d" });
  const missing = await fetch(`${server.url}/no%20where?c=d`);
  expect([missing.status, await missing.json()]).toMatchObject([404, { status: 404 }]);
});

test("a body above the limit is refused by Jetty", async () => {
  const application = await serveApplication();
  onTestFinished(() => application.close());
  const server = await start(contractBehind({ listen: application.address, maxBodyBytes: MEBIBYTE }));
  const post = (bytes: number): Promise<Response> =>
    fetch(`${server.url}/digest`, { method: "POST", body: payload(bytes) });
  expect(await (await post(MEBIBYTE)).json()).toMatchObject({ bytes: MEBIBYTE });
  expect((await post(MEBIBYTE + 1)).status).toBe(413);
});

test("an answer that exceeds its time is a 504", async () => {
  const application = await serveApplication();
  onTestFinished(() => application.close());
  const server = await start(contractBehind({ listen: application.address, timeout: 1 }));
  expect((await fetch(`${server.url}/wait`)).status).toBe(504);
});
