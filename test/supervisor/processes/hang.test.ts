import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";

import { nginx } from "../../support/web-servers/nginx.js";
import { WebServer } from "../../support/web-servers/web-server.js";
import { Operated } from "../operated.js";

/** nginx in front of an application with kept connections, and of its status page. */
async function nginxFor(operated: Operated): Promise<WebServer> {
  const status = `unix:${join(operated.folder, "status.sock")}`;
  const server = await WebServer.start(
    nginx(() => ({
      http: `upstream app { server unix:${operated.socket}; keepalive 16; }`,
      server: `
        location / { fastcgi_pass app; fastcgi_keep_conn on; }
        location ~ ^/(ping|status)$ { fastcgi_pass ${status}; }`,
    })),
  );
  onTestFinished(() => server.stop());
  return server;
}

function startWithStatus(workers: number, ...args: readonly string[]): Promise<Operated> {
  return Operated.start({ workers, args: ["--status-listen", "./status.sock", ...args] });
}

test("what hangs is ended after the log has its stack, its worker is replaced, and only its own request fails", async () => {
  // The request that hung is refused when the worker no longer waits for it.
  vi.stubEnv("OPERATED_SHUTDOWN", "1000");
  const operated = await startWithStatus(2, "--hang-report");
  const server = await nginxFor(operated);
  const before = (await operated.workers()).map(({ pid }) => pid);
  const hung = fetch(`${server.url}/hang`).then(
    ({ status }) => status,
    () => 0,
  );
  // It may have accepted other connections before it hangs; later ones go to the other worker.
  await expect.poll(async () => (await operated.tricorn("status")).out).toContain("it does not answer");
  const over = new AbortController();
  const ended = operated.master
    .line(/^\{.*"worker":(\d+),"code":1.*"msg":"A worker has ended with an error"/)
    .then(([, pid]) => {
      over.abort();
      return Number(pid);
    });
  const answers = new Map<string, number>();
  while (!over.signal.aborted) {
    const answer = await fetch(server.url);
    const kind = `${answer.status} ${(await answer.text()).slice(0, 4)}`;
    answers.set(kind, (answers.get(kind) ?? 0) + 1);
  }
  expect([...answers.keys()]).toEqual(["200 pid "]);
  const pid = await ended;
  expect(before).toContain(pid);
  const [report] = await operated.master.line(/^\{.*"msg":"The event loop has stood still for 5 s".*$/);
  expect(JSON.parse(report)).toMatchObject({
    pid,
    stack: expect.stringMatching(/^ {4}at hangForEver \(file:\/\/\S+operated\.mjs:\d+:\d+\)\n {4}at hang /),
  });
  // Its own request is the price. It is answered, so nginx does not repeat it on the next worker.
  expect(await hung).toBe(503);
  expect(operated.master.errors.join("\n")).not.toContain("Killed a worker");
  await expect
    .poll(async () => (await operated.workers()).filter(({ state }) => state === "ready"))
    .toHaveLength(2);
  expect((await operated.workers()).map((worker) => worker.pid)).not.toContain(pid);
  await operated.stop();
});

test("when all workers hang, /ping fails, /status says so and tricorn status exits with 1, until they are replaced", async () => {
  const operated = await startWithStatus(1);
  const server = await nginxFor(operated);
  const ping = async (): Promise<string> => {
    const answer = await fetch(`${server.url}/ping`);
    return `${answer.status} ${await answer.text()}`;
  };
  expect(await ping()).toBe("200 pong\n");
  const hung = fetch(`${server.url}/hang`).then(({ status }) => status);
  await expect.poll(ping).toBe("503 no worker answers\n");
  expect(await (await fetch(`${server.url}/status`)).text()).toContain(
    "statistics:     it does not answer\n",
  );
  const { code, out } = await operated.tricorn("status");
  expect(code).toBe(1);
  expect(out).toContain("workers:        1 ready\n");
  expect(await hung).toBe(502);
  await expect.poll(ping).toBe("200 pong\n");
  expect(await (await fetch(server.url)).text()).toMatch(/^pid /);
  await operated.stop();
});

test("nginx shows the status page as text and JSON, with paths and without queries", async () => {
  const operated = await startWithStatus(2);
  const server = await nginxFor(operated);
  const waiting = fetch(`${server.url}/wait/ada?password=s3cret`, { headers: { Cookie: "id=s3cret" } });
  await expect
    .poll(async () => (await fetch(`${server.url}/status`)).text())
    .toContain("responder GET /wait/ada\n");
  const text = await (await fetch(`${server.url}/status`)).text();
  const json = await fetch(`${server.url}/status?json`);
  const body = await json.text();
  expect(json.headers.get("content-type")).toBe("application/json");
  expect(JSON.parse(body)).toMatchObject({ pid: operated.master.pid, workers: [{}, {}] });
  expect(text + body).not.toContain("s3cret");
  operated.release();
  expect((await waiting).status).toBe(200);
  await operated.stop();
});
