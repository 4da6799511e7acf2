import { Authorizer, Get, Responder, allow } from "tricorn";

@Responder()
class Clock {
  constructor() {
    throw new Error("Nobody needs a clock to write a configuration");
  }

  @Get("/ticks")
  *ticks() {
    yield "tick\n";
  }
}

@Authorizer({ paths: ["/members/**"], variables: ["AUTH_USER"] })
class Gate {
  authorize() {
    return allow();
  }
}

export const controllers = [Clock, Gate];
