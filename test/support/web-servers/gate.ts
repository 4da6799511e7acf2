import {
  Authorizer,
  Body,
  Get,
  Post,
  Req,
  Responder,
  allow,
  challenge,
  deny,
  type AuthorizerRequest,
  type ResponderRequest,
  type Verdict,
} from "tricorn";
import { z } from "zod";

import type { Seen } from "./contract.js";
import { sha256 } from "./payload.js";

/** What everything protected says; nobody may read it whom the gate has not let in. */
export const CANARY = "The canary sings";

/** In which ways an authorizer can fail to decide. */
export const FAILURES = ["throw", "reject", "nothing", "true", "nonsense", "schema", "hang"] as const;

const variables = ["AUTH_USER", "AUTH_PHASE", "AUTH_METHOD"];

/** What decides as the query asks it to: `?mode=throw`. */
class Moody {
  async authorize(request: AuthorizerRequest): Promise<Verdict> {
    const mode = request.query.get("mode");
    switch (mode) {
      case "allow":
        return allow({
          AUTH_USER: "ada",
          AUTH_PHASE: request.params.get("FCGI_APACHE_ROLE") ?? "none",
          AUTH_METHOD: request.method,
        });
      case "anonymous":
        return allow();
      case "deny":
        return deny(403, { body: "Not for you.\n", headers: { "X-Denied": "yes" } });
      case "redirect":
        return deny(302, { headers: { Location: "/log-in?from=members", "Set-Cookie": "back=1; Path=/" } });
      case "challenge":
        return challenge("Basic", { realm: "The gate" });
      case "missing":
        return deny(404);
      case "throw":
        throw new Error("The gate fell down");
      case "reject":
        return Promise.reject(new Error("The gate was shut"));
      case "nothing":
        return undefined as unknown as Verdict;
      case "true":
        return true as unknown as Verdict;
      case "nonsense":
        return { status: 200, variables: new Map() } as unknown as Verdict;
      case "schema":
        z.literal("ada").parse(request.params.get("REQUEST_METHOD"));
        return allow();
      case "hang":
        request.log.warn(`Deciding for ever in process ${process.pid}`);
        return new Promise<never>(() => {});
      default:
        return deny(403);
    }
  }
}

/** Stands in front of everything. */
@Authorizer({ variables })
export class Gate extends Moody {}

/** Stands in front of all that is below /members/. */
@Authorizer({ paths: "/members/**", variables })
export class MembersGate extends Moody {}

/** What lies behind the members' gate, and beside it. */
@Responder()
export class Behind {
  @Get("/members/vault")
  vault(): string {
    return CANARY;
  }

  /** What came in, and what the gate was asked about. */
  @Post("/members/digest")
  async digest(
    @Body.bytes({ limit: 16 * 1024 * 1024 }) body: Buffer,
    @Req() { method, params }: ResponderRequest,
  ): Promise<object> {
    return { method, asked: params.get("AUTH_METHOD"), sha256: sha256(body) };
  }

  @Get("/members/seen/*")
  @Get("/public/seen/*")
  seen(@Req() { method, mount, path, queryString, params }: ResponderRequest): Seen {
    return { method, mount, path, query: queryString, params: Object.fromEntries(params) };
  }
}
