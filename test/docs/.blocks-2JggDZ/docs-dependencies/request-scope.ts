// request-scope.ts
import { Post, Req, Responder, ResponderRequest, requestScoped, type Disposable } from "tricorn";

@requestScoped()
export class Transaction implements Disposable {
  #committed = false;

  constructor(readonly request: ResponderRequest) {}

  commit() {
    this.#committed = true;
  }

  async dispose() {
    if (!this.#committed) this.request.log.info("rolled back");
  }
}

@Responder("/transfers", { scope: "request" })
export class Transfers {
  constructor(private readonly transaction: Transaction) {}

  @Post()
  transfer(@Req() request: ResponderRequest) {
    this.transaction.commit();
    return { path: request.path };
  }
}
