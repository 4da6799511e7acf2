// An Express application over FastCGI, unchanged, and a controller that takes precedence over it.
import express from "express";
import { Get, Responder, serve } from "tricorn";
import { nodeListener, requestOf } from "tricorn/adapters";

const app = express();

app.get("/", (request, response) => {
  response.cookie("visited", "yes").send(`Hello from Express to ${request.ip}`);
});

app.post("/sum", express.json(), (request, response) => {
  const numbers = request.body as number[];
  response.json({ sum: numbers.reduce((sum, number) => sum + number, 0) });
});

// FastCGI adds to HTTP: here, the name of the Web server.
app.get("/server", (request, response) => {
  response.send(requestOf(request)?.params.get("SERVER_SOFTWARE") ?? "Express itself");
});

@Responder("/health")
class Health {
  @Get()
  check() {
    return { healthy: true };
  }
}

await serve([Health, nodeListener(app)]);
