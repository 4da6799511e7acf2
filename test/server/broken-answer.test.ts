import { describe, expect, test } from "vitest";

import { Role } from "../../src/protocol/constants.js";
import { deferred, responder, serveDefinitions } from "../support/served.js";
