// A Hono application below /api, over FastCGI; a controller answers everything else.
import { Hono } from "hono";
import { Get, Responder, serve, type ResponderRequest } from "tricorn";
import { fetchHandler } from "tricorn/adapters";

const api = new Hono<{ Bindings: ResponderRequest }>().basePath("/api");

api.get("/hello/:name", (context) => context.text(`Hello from Hono, ${context.req.param("name")}`));

// `c.env` is the Tricorn request.
api.get("/me", ({ env, json }) => json({ user: env.user ?? null, address: env.remoteAddress ?? null }));

api.post("/shout", async (context) => context.text((await context.req.text()).toUpperCase()));

@Responder()
class Pages {
  @Get("/", { type: "text/html; charset=utf-8" })
  home() {
    return "<!doctype html><title>Home</title><p>The API is below <code>/api</code>.";
  }
}

await serve([Pages, fetchHandler(api.fetch, { path: "/api" })]);
