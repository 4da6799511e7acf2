import { describeOthers, describeResponders } from "./set-ups/describe-server.js";

describeResponders("apache");
describeOthers("apache");
