import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import {
  Authorizer,
  Body,
  Filter,
  Get,
  Post,
  Query,
  Responder,
  allow,
  challenge,
  deny,
  lines,
  type AuthorizerRequest,
  type FilterRequest,
  type OnStart,
} from "tricorn";
import { z } from "zod";

import { CANARY, CREDENTIALS, RELEASE, START_TIME } from "./contract.js";

const release = process.env[RELEASE] ?? "1";

const Id = z.string();
const Time = z.coerce.number().int().nonnegative();

function head(id: string): string {
  return `release=${release} pid=${process.pid} id=${id}\n`;
}

/** What /leak keeps. */
const leaked: Buffer[] = [];
const LEAK = 20 * 1024 * 1024;

@Responder()
class Drilled implements OnStart {
  /** An application that connects to its database is not ready at once. */
  async onStart() {
    await delay(Number(process.env[START_TIME] ?? 0));
  }

  @Get("/")
  immediate(@Query("id", Id) id: string) {
    return head(id);
  }

  @Get("/slow")
  async slow(@Query("id", Id) id: string, @Query("ms", Time) ms: number) {
    await delay(ms);
    return head(id);
  }

  @Get("/stream", { type: "text/plain" })
  async *stream(
    @Query("id", Id) id: string,
    @Query("ms", Time) ms: number,
    @Query("lines", Time) count: number,
  ) {
    yield head(id);
    for (let line = 1; line < count; line += 1) {
      await delay(ms);
      yield `line ${line} ${id}\n`;
    }
    yield `end ${id}\n`;
  }

  @Post("/upload")
  async upload(@Query("id", Id) id: string, @Body.stream() body: ReadableStream<Uint8Array>) {
    const hash = createHash("sha256");
    for await (const piece of body) hash.update(piece);
    return `${head(id)}sha256=${hash.digest("hex")}\n`;
  }

  /** Not a GET: nginx would repeat that on the next worker, which would hang too. */
  @Post("/spin")
  spin() {
    for (;;) continue;
  }

  /** Memory that V8's limit of the heap does not count. */
  @Get("/leak")
  leak(@Query("id", Id) id: string) {
    leaked.push(Buffer.alloc(LEAK, 1));
    return head(id);
  }

  @Get("/throw")
  throws(@Query("id", Id) id: string) {
    setImmediate(() => {
      throw new Error("nobody catches this");
    });
    return head(id);
  }

  @Get("/members/page")
  page(@Query("id", Id) id: string) {
    return `${head(id)}${CANARY}\n`;
  }
}

/** Thinks as long as the query asks for. */
@Authorizer({ paths: "/members/**", variables: ["AUTH_USER"] })
class Gate {
  async authorize({ headers, query }: AuthorizerRequest) {
    await delay(Number(query.get("think") ?? 0));
    const authorization = headers.get("authorization");
    if (authorization === undefined) return challenge("Bearer", { realm: "drill" });
    return authorization === CREDENTIALS ? allow({ AUTH_USER: "ada" }) : deny(403);
  }
}

/** Removes the canary from files: an answer with it was not filtered. */
@Filter("*.txt", { type: "text/plain; charset=utf-8" })
class Redact {
  async *filter({ data }: FilterRequest) {
    let number = 0;
    for await (const line of lines(data)) {
      number += 1;
      yield `${number} ${line.replaceAll(CANARY, "(removed)")}\n`;
    }
    yield `release=${release} pid=${process.pid} lines=${number}\n`;
  }
}

/** The application of the drill: each answer names the release, the process and the request. */
export const controllers = [Gate, Redact, Drilled];
