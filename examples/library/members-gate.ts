import { Authorizer, allow, challenge, deny, type AuthorizerRequest, type Verdict } from "tricorn";

import { Members } from "./members.js";
import { PasswordFile } from "./password-file.js";

/**
 * Lets members in, and tells whatever lies behind the gate who they are: the attributes of the profile travel as
 * `Variable-*` headers and arrive there as FCGI_PARAMS (section 6.3).
 */
@Authorizer("/members/**")
export class MembersGate {
  constructor(
    private readonly passwords: PasswordFile,
    private readonly members: Members,
  ) {}

  async authorize({ headers }: AuthorizerRequest): Promise<Verdict> {
    const credentials = parseBasic(headers.get("authorization"));
    if (!credentials || !(await this.passwords.verify(credentials.user, credentials.password))) {
      return challenge("Basic", { realm: "The members of the library", charset: "UTF-8" });
    }
    const profile = this.members.profileOf(credentials.user);
    if (!profile) return deny(403, { body: "This membership has lapsed.\n" });
    return allow({
      AUTH_USER: credentials.user,
      MEMBER_NAME: profile.name,
      MEMBER_CITY: profile.city,
      MEMBER_GENRE: profile.genre,
      MEMBER_SINCE: String(profile.since),
    });
  }
}

/** Reads the credentials of RFC 7617: `Basic`, then base64 of `user:password` in UTF-8. */
function parseBasic(header = ""): { user: string; password: string } | undefined {
  const [, encoded] = /^basic +([a-z0-9+/]+=*)$/i.exec(header) ?? [];
  if (!encoded) return undefined;
  const [, user, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, "base64").toString()) ?? [];
  return user === undefined || password === undefined ? undefined : { user, password };
}
