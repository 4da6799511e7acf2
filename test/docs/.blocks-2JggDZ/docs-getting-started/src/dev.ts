// src/dev.ts
import { createApplication, serve } from "tricorn";
import { Gateway, routesOf } from "tricorn/gateway";
import { controllers } from "./application.js";

const application = createApplication(controllers);
const { address } = await serve(application, 0);
const gateway = new Gateway({
  application: address,
  root: "public",
  routes: routesOf(application.description),
  port: Number(process.env["PORT"] ?? 8080),
});
console.log((await gateway.listen()).url);
