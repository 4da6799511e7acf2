import { Filter, reply, type FilterRequest, type Reply } from "tricorn";

import { fillPlaceholders } from "./placeholders.js";

/** Writes the member's attributes into the pages behind the gate: `{{city}}` becomes the variable MEMBER_CITY. */
@Filter("/members/**/*.html", { type: "text/html; charset=utf-8" })
export class PersonalPages {
  filter({ data, params }: FilterRequest): Reply {
    const chunks = data.pipeThrough(new TextDecoderStream());
    const page = fillPlaceholders(chunks, (name) => params.get(`MEMBER_${name.toUpperCase()}`));
    // The page is made for one person: no cache may hand it to the next one.
    return reply(page, { headers: { "Cache-Control": "private, no-store" } });
  }
}
