import { Get, Header, HttpError, Responder, serve } from "tricorn";
import { z } from "zod";

import { PersonalPages, type Lookup } from "./paper-job.js";
import { socketPath } from "./socket-path.js";

const pages = new PersonalPages(process.env["PAPER_FOLDER"]!, process.argv[3] as Lookup);

@Responder()
class Pages {
  @Get("/paper-cgi.js", { type: "text/html; charset=utf-8" })
  async page(
    @Header("X-User", z.string()) user: string,
    @Header("X-Password", z.string()) password: string,
  ): Promise<string> {
    const page = await pages.page(user, password);
    if (page === undefined) throw new HttpError(403, "The password is wrong");
    return page;
  }
}

process.env["TRICORN_LOG_LEVEL"] ??= "warn";
await serve([Pages], socketPath);
