// Behind a Web server that cannot ask: this process asks the gate. Options are JSON.
import {
  Authorizer,
  Get,
  Req,
  Responder,
  allow,
  challenge,
  serve,
  type AuthorizerRequest,
  type ResponderRequest,
  type ServeOptions,
} from "tricorn";

@Authorizer({ paths: "/members/**", variables: ["AUTH_USER"] })
class Gate {
  authorize({ credentials }: AuthorizerRequest) {
    if (credentials?.password.equals("lovelace") !== true) return challenge("Basic", { realm: "members" });
    return allow({ AUTH_USER: credentials.user });
  }
}

@Responder()
class Pages {
  @Get("/members/page")
  page(@Req() request: ResponderRequest) {
    return `for ${request.user}`;
  }

  @Get("/page")
  open(@Req() request: ResponderRequest) {
    return `for ${request.user ?? "all"}`;
  }
}

const options = JSON.parse(process.env["OPTIONS"] ?? "{}") as ServeOptions;
await serve([Gate, Pages], process.argv[2], options);
