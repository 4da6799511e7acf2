import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pino } from "pino";
import { onTestFinished } from "vitest";

import { FastCgiClient, type ClientOptions } from "../../../src/client/index.js";
import { Gateway, type GatewayRoutes } from "../../../src/gateway/index.js";
import { Inspector, type InspectorOptions } from "../../../src/inspector/index.js";
import type { RecordDetail, RequestDetail, RequestSummary } from "../../../src/inspector/views.js";
import { http } from "../../gateway/support/http.js";

/** The parts of a test. */
export interface InspectedOptions {
  /** Where the application listens. */
  readonly address: string | number;
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly routes?: Partial<GatewayRoutes>;
  readonly client?: Omit<ClientOptions, "address" | "connect">;
  readonly inspector?: InspectorOptions;
}

/** A gateway with an inspector, as a test and the page see it. */
export class Inspected {
  readonly url: string;
  readonly inspector: Inspector;

  constructor(url: string, inspector: Inspector) {
    this.url = url;
    this.inspector = inspector;
  }

  /** The requests that are kept, from the first event of a page. */
  async requests(): Promise<readonly RequestSummary[]> {
    const leave = new AbortController();
    const response = await fetch(`${this.url}/__tricorn/events`, { signal: leave.signal });
    let text = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.endsWith("\n\n")) break;
    }
    leave.abort();
    const data = /^data: (.*)$/m.exec(text)![1]!;
    return (JSON.parse(data) as { requests: RequestSummary[] }).requests;
  }

  /** One request, once its response has ended. */
  async request(number: number): Promise<RequestDetail> {
    for (;;) {
      const { status, body } = await http(this.url, `/__tricorn/requests/${number}`);
      if (status !== 200) throw new Error(`${status}: ${body}`);
      const detail = JSON.parse(body) as RequestDetail;
      if (detail.state !== "active") return detail;
      await new Promise(setImmediate);
    }
  }

  async record(conversation: number, index: number): Promise<RecordDetail> {
    const { body } = await http(this.url, `/__tricorn/records/${conversation}/${index}`);
    return JSON.parse(body) as RecordDetail;
  }

  /** The token that the page has. */
  async token(): Promise<string> {
    return /name="tricorn-token" content="(\w+)"/.exec((await http(this.url, "/__tricorn")).body)![1]!;
  }
}

/** Opens a gateway with an inspector; it is closed when the test has finished. */
export async function openInspected(options: InspectedOptions): Promise<Inspected> {
  const { address, files = {}, routes, client: clientOptions, inspector: inspectorOptions } = options;
  const root = await mkdtemp(join(tmpdir(), "tricorn-inspector-"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
  const inspector = new Inspector(inspectorOptions);
  const client = new FastCgiClient({ address, ...clientOptions, observe: inspector.client });
  const gateway = new Gateway({
    application: client,
    root,
    routes: { protect: [], filter: [], respond: [], ...routes },
    port: 0,
    timeouts: { close: 1_000 },
    log: pino({ level: "silent" }),
    observe: inspector.gateway,
    door: inspector.door,
  });
  onTestFinished(async () => {
    inspector.close();
    await gateway.close();
    client.destroy();
    await rm(root, { recursive: true, force: true });
  });
  const { url } = await gateway.listen();
  return new Inspected(url, inspector);
}
