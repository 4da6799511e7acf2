// A separate file, because of their number.
import { describeAuthorizers } from "./set-ups/describe-server.js";

describeAuthorizers("apache");
