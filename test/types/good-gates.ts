import { Cookie, Header } from "../../src/decorators/bind.js";
import { Authorizer, Filter } from "../../src/decorators/role.js";
import { AuthorizerPhase, type AuthorizerRequest } from "../../src/roles/authorizer-request.js";
import type { FilterRequest } from "../../src/roles/filter-request.js";
import { reply } from "../../src/roles/reply.js";
import type { RoleRequest } from "../../src/roles/request.js";
import { allow, challenge, deny, type Verdict } from "../../src/roles/verdict.js";

@Authorizer()
export class Inferred {
  async authorize({ headers }: AuthorizerRequest) {
    if (!headers.has("authorization")) return challenge("Basic", { realm: "x" });
    return allow({ USER: "ada" });
  }
}

@Authorizer("/members/**", "*.secret")
export class Declared {
  authorize(request: RoleRequest): Verdict {
    return request.path === "/" ? allow() : deny(404);
  }
}

@Authorizer({ paths: "/members/**", scope: "request" })
export class Bound {
  constructor(private readonly realm: string) {}

  authorize(
    _request: AuthorizerRequest,
    @Header("x-key") key: string | undefined,
    @Cookie("s") session?: string,
  ) {
    return key === session ? allow() : deny(403, { body: this.realm });
  }
}

@Authorizer({ paths: ["/staff/**"], variables: ["AUTH_USER"] })
export class Credible {
  authorize({ credentials, phase, user }: AuthorizerRequest) {
    if (phase === AuthorizerPhase.Authorizer) return user === "ada" ? allow() : deny();
    if (credentials?.password.equals("x") !== true) return challenge("Basic", { realm: "x" });
    const password: string = credentials.password.reveal();
    return password === "" ? deny() : allow({ AUTH_USER: credentials.user });
  }
}

@Authorizer()
export class Never {
  authorize(): never {
    throw new Error("denied");
  }
}

@Filter("*.txt", { type: "text/plain; charset=utf-8" })
export class Lines {
  async *filter({ data }: FilterRequest) {
    for await (const chunk of data) yield chunk;
  }
}

@Filter(["*.md", "/docs/**"])
export class Piped {
  filter({ data }: FilterRequest) {
    return data.pipeThrough(new TextDecoderStream());
  }
}

@Filter("*.json", { scope: "request" })
export class Replies {
  async filter(request: FilterRequest) {
    return request.notModified() ? reply(undefined, { status: 304 }) : "text";
  }
}
