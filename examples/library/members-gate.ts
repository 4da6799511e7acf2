import { Authorizer, allow, challenge, deny, type AuthorizerRequest, type Verdict } from "tricorn";

import { escapeHtml } from "./escape-html.js";
import { Members } from "./members.js";
import { HTML, page, showsPages } from "./page.js";
import { PasswordFile } from "./password-file.js";

/** The variables that the gate hands on. */
export const GATE_VARIABLES = ["AUTH_USER", "MEMBER_NAME", "MEMBER_CITY", "MEMBER_GENRE", "MEMBER_SINCE"];

/**
 * Admits members, and passes their profile to the protected pages: the attributes are sent as
 * `Variable-*` headers and arrive as FCGI_PARAMS (section 6.3).
 */
@Authorizer({ paths: "/members/**", variables: GATE_VARIABLES })
export class MembersGate {
  constructor(
    private readonly passwords: PasswordFile,
    private readonly members: Members,
  ) {}

  async authorize({ credentials, headers, mount }: AuthorizerRequest): Promise<Verdict> {
    const isBrowser = showsPages(headers.get("accept"));
    if (!credentials || !(await this.passwords.verify(credentials.user, credentials.password.reveal()))) {
      const refusal = challenge("Basic", { realm: "The members of the library", charset: "UTF-8" });
      return isBrowser ? deny(401, { headers: refusal.headers, ...refusalPage(401, mount) }) : refusal;
    }
    const profile = this.members.profileOf(credentials.user);
    if (!profile)
      return deny(403, isBrowser ? refusalPage(403, mount) : { body: "This membership has lapsed.\n" });
    return allow({
      AUTH_USER: credentials.user,
      MEMBER_NAME: profile.name,
      MEMBER_CITY: profile.city,
      MEMBER_GENRE: profile.genre,
      MEMBER_SINCE: String(profile.since),
    });
  }
}

/** What a browser shows of a refusal. After a 401 it first asks for a password, and shows the page if there is none. */
function refusalPage(status: 401 | 403, mount: string): { readonly body: string; readonly type: string } {
  const [title, sentence] =
    status === 401
      ? [
          "For members only",
          "Log in as <kbd>ada</kbd> with the password <kbd>lovelace</kbd>: load this page again, and your browser asks for them.",
        ]
      : ["A lapsed membership", "The gate knows you, but your membership has lapsed."];
  const body = page(
    { title, mount },
    `<h1>${title}</h1>
<p>${sentence}</p>
<p>Go back to <a href="${escapeHtml(mount)}/">the start page</a>.</p>
`,
    { role: "authorizer", status },
  );
  return { body, type: HTML };
}
