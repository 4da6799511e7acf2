// One application for both ways to serve it.
import { Hono } from "hono";

import { HELLO } from "./bodies.js";

export const app = new Hono();

app.get("/hello", (context) => context.text(HELLO));
