// gate.ts
import { Authorizer, allow, challenge, deny, singleton, type AuthorizerRequest } from "tricorn";

@singleton()
export class Sessions {
  readonly #users = new Map([["s3cret", { name: "ada", active: true }]]);

  async userOf(authorization = "") {
    const [, token] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
    return token === undefined ? undefined : this.#users.get(token);
  }
}

@Authorizer("/members/**")
export class MembersGate {
  constructor(private readonly sessions: Sessions) {}

  async authorize({ headers }: AuthorizerRequest) {
    const user = await this.sessions.userOf(headers.get("authorization"));
    if (!user) return challenge("Bearer", { realm: "members" });
    if (!user.active) return deny(403, { body: "This membership has lapsed.\n" });
    return allow({ AUTH_USER: user.name });
  }
}
