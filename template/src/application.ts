import type { ListenerOptions } from "tricorn";
import { Gate } from "./gate.js";
import { Hats } from "./hats.js";
import { MembersPages } from "./members-pages.js";

/** The controllers of the application. They are listed, never discovered. */
export const controllers = [Hats, Gate, MembersPages];

/** What the application knows about the Web server in front of it. */
export const webServer: ListenerOptions = {
  // Web servers without the filter role send no files: the application reads them itself, below this folder.
  bridges: { filter: { root: "public" } },
  // Set by the authorizer, and by no client. It becomes `request.user`.
  vouchesFor: ["AUTH_USER"],
};
