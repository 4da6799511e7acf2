// One application for both ways to serve it.
import express from "express";

import { HELLO } from "./bodies.js";

export const app = express();

app.get("/hello", (_request, response) => {
  response.type("text/plain").send(HELLO);
});
