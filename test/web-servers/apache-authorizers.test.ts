// In a file of its own: there are so many.
import { describeAuthorizers } from "./set-ups/describe-server.js";

describeAuthorizers("apache");
