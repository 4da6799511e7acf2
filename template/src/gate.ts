import { Authorizer, allow, challenge, type AuthorizerRequest } from "tricorn";

/** Role 2: decides who may pass. Only `allow(…)` lets a request pass, with variables for what answers it. */
@Authorizer({ paths: "/members/**", variables: ["AUTH_USER"] })
export class Gate {
  authorize({ credentials }: AuthorizerRequest) {
    // An example: ask your own users, and keep only hashes of their passwords.
    if (credentials?.user !== "ada" || !credentials.password.equals("lovelace")) {
      return challenge("Basic", { realm: "Members" });
    }
    return allow({ AUTH_USER: credentials.user });
  }
}
