import { Filter, reply, type FilterRequest, type Reply } from "tricorn";

import { GATE_VARIABLES } from "./members-gate.js";
import { fillPlaceholders } from "./placeholders.js";
import { travelPanel } from "./travelled.js";

/** Writes the member's attributes into the protected pages: `{{city}}` becomes the variable MEMBER_CITY. */
@Filter("/members/**/*.html", { type: "text/html; charset=utf-8" })
export class PersonalPages {
  filter({ data, dataLength, path, params }: FilterRequest): Reply {
    const chunks = data.pipeThrough(new TextDecoderStream());
    const variables = Object.fromEntries(GATE_VARIABLES.map((name) => [name, params.get(name) ?? ""]));
    const panel = travelPanel({ role: "filter", data: { path, bytes: dataLength }, variables });
    const page = fillPlaceholders(chunks, (name) =>
      name === "travelled" ? { html: panel } : params.get(`MEMBER_${name.toUpperCase()}`),
    );
    // The page is for one person: no cache may give it to the next.
    return reply(page, { headers: { "Cache-Control": "private, no-store" } });
  }
}
