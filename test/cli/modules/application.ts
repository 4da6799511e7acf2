import { createServer } from "node:http";
import { Get, Responder, createApplication } from "tricorn";

@Responder("/books")
class Books {
  @Get("/:id")
  show() {
    return "Emma";
  }
}

console.log("printed while the module loads");
// Something that would keep a process running.
createServer().listen(0, "127.0.0.1");
setInterval(() => {}, 1000);

export const application = createApplication([Books]);
