// An authorizer (role 2) for bearer tokens. Protected handlers read the variables AUTH_USER and AUTH_ROLE.
import { createHash } from "node:crypto";
import {
  Authorizer,
  allow,
  challenge,
  serve,
  singleton,
  type AuthorizerRequest,
  type Verdict,
} from "tricorn";

@singleton()
class Sessions {
  // Indexed by the token's digest: the time of a lookup reveals nothing about an almost correct token.
  readonly #users = new Map([[digest("s3cret"), { name: "ada", role: "librarian" }]]);

  async userOf(authorization = ""): Promise<{ name: string; role: string } | undefined> {
    const [, token] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
    return token ? this.#users.get(digest(token)) : undefined;
  }
}

@Authorizer({ variables: ["AUTH_USER", "AUTH_ROLE"] })
class SessionGate {
  constructor(private readonly sessions: Sessions) {}

  async authorize({ headers }: AuthorizerRequest): Promise<Verdict> {
    const user = await this.sessions.userOf(headers.get("authorization"));
    if (!user) return challenge("Bearer", { realm: "library" });
    return allow({ AUTH_USER: user.name, AUTH_ROLE: user.role });
  }
}

function digest(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}

await serve([SessionGate]);
