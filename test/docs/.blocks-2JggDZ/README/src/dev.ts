// src/dev.ts
import { createApplication, serve } from "tricorn";
import { Gateway, routesOf } from "tricorn/gateway";
import { controllers } from "./application.js";

const application = createApplication(controllers);
const { address } = await serve(application, 0);
const routes = routesOf(application.description);
const gateway = new Gateway({ application: address, root: "public", routes });
console.log((await gateway.listen()).url);
