import { serve } from "tricorn";
import { controllers, webServer } from "./application.js";

// Listens on 127.0.0.1:9000, or on the socket that a Web server, spawn-fcgi, systemd or TRICORN_LISTEN names.
await serve(controllers, undefined, webServer);
