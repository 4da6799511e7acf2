import { describeServer } from "./set-ups/describe-server.js";

describeServer("gateway");
