// src/main.ts
import { serve } from "tricorn";
import { controllers } from "./application.js";
await serve(controllers);
