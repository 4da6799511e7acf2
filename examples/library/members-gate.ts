import { Authorizer, allow, challenge, deny, type AuthorizerRequest, type Verdict } from "tricorn";

import { Members } from "./members.js";
import { PasswordFile } from "./password-file.js";

/**
 * Admits members, and passes their profile to the protected pages: the attributes are sent as
 * `Variable-*` headers and arrive as FCGI_PARAMS (section 6.3).
 */
@Authorizer({
  paths: "/members/**",
  variables: ["AUTH_USER", "MEMBER_NAME", "MEMBER_CITY", "MEMBER_GENRE", "MEMBER_SINCE"],
})
export class MembersGate {
  constructor(
    private readonly passwords: PasswordFile,
    private readonly members: Members,
  ) {}

  async authorize({ credentials }: AuthorizerRequest): Promise<Verdict> {
    if (!credentials || !(await this.passwords.verify(credentials.user, credentials.password.reveal()))) {
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
