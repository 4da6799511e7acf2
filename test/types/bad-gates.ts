import { Authorizer, Filter } from "../../src/decorators/role.js";
import { Header } from "../../src/decorators/bind.js";
import type { AuthorizerPhase, AuthorizerRequest } from "../../src/roles/authorizer-request.js";
import type { Credentials } from "../../src/http/credentials.js";
import type { FilterRequest } from "../../src/roles/filter-request.js";
import type { ResponderRequest } from "../../src/roles/responder-request.js";
import { allow, deny, redirect, type Verdict } from "../../src/roles/verdict.js";

// @ts-expect-error true is not a verdict
@Authorizer()
export class ReturnsTrue {
  authorize() {
    return true;
  }
}

// @ts-expect-error neither is a promise of one
@Authorizer()
export class PromisesTrue {
  async authorize() {
    return true;
  }
}

// @ts-expect-error one way through has no verdict
@Authorizer()
export class SometimesNothing {
  // @ts-expect-error the compiler says so here as well
  async authorize({ path }: AuthorizerRequest) {
    if (path === "/") return allow();
  }
}

// @ts-expect-error undefined is not a verdict
@Authorizer()
export class ReturnsNothing {
  authorize() {}
}

// @ts-expect-error the method is called authorize
@Authorizer()
export class Misspelt {
  authorise() {
    return allow();
  }
}

// @ts-expect-error a verdict has a brand that no other object has
@Authorizer()
export class Forged {
  authorize() {
    return { variables: new Map<string, string>() };
  }
}

// @ts-expect-error any fits everything, so it is refused
@Authorizer()
export class ReturnsAny {
  authorize() {
    return JSON.parse("true");
  }
}

// @ts-expect-error any in a promise, too
@Authorizer()
export class PromisesAny {
  async authorize() {
    return JSON.parse("true");
  }
}

// @ts-expect-error a private method cannot be called
@Authorizer()
export class Private {
  private authorize(): Verdict {
    return allow();
  }
}

// @ts-expect-error a static method is not the instance's
@Authorizer()
export class Static {
  static authorize() {
    return allow();
  }
}

// @ts-expect-error an authorizer is not handed a responder's request
@Authorizer()
export class WrongRequest {
  authorize({ body }: ResponderRequest) {
    return body.contentType === undefined ? allow() : deny();
  }
}

// @ts-expect-error the first parameter is the request
@Authorizer()
export class WrongFirst {
  authorize(@Header("x-key") key: string | undefined) {
    return key === "x" ? allow() : deny();
  }
}

// @ts-expect-error a filter has a method filter
@Filter("*.txt")
export class NoFilter {}

// @ts-expect-error undefined is not a file
@Filter("*.txt")
export class FiltersNothing {
  filter() {}
}

// @ts-expect-error a promise of undefined is not one either
@Filter("*.txt")
export class PromisesNothing {
  async filter({ data }: FilterRequest) {
    for await (const chunk of data) void chunk;
  }
}

// @ts-expect-error nor a boolean
@Filter("*.txt")
export class FiltersBoolean {
  filter() {
    return true;
  }
}

// @ts-expect-error a filter needs a glob
@Filter()
export class NoGlob {
  filter() {
    return "text";
  }
}

// @ts-expect-error a variable is text
allow({ X: 1 });
// @ts-expect-error a variable is text even if it may be absent
allow({ X: undefined });
// @ts-expect-error a status is a number
deny("403");
// @ts-expect-error 304 is not a redirect
redirect("/login", 304);

declare const credentials: Credentials;
// @ts-expect-error a password is not text
verify(credentials.password);
// @ts-expect-error an object of the same shape is not one
export const forged: Credentials["password"] = { reveal: () => "x", equals: () => true, toJSON: () => "x" };
// @ts-expect-error a phase is one of three
export const phase: AuthorizerPhase = "RESPONDER";

function verify(_password: string): void {}
