// A request-scoped dependency: within a request every injection yields the same transaction, which is
// disposed of when the request has ended, even after a failure.
import { Body, HttpError, Post, Responder, requestScoped, serve, singleton, type Disposable } from "tricorn";
import { z } from "zod";

const Transfer = z.strictObject({ from: z.string(), to: z.string(), coins: z.number().int().positive() });
type Transfer = z.infer<typeof Transfer>;

@singleton()
class Bank {
  readonly coins = new Map([
    ["ada", 10],
    ["grace", 0],
  ]);
}

@requestScoped()
class Transaction implements Disposable {
  readonly #before: ReadonlyMap<string, number>;
  #committed = false;

  constructor(private readonly bank: Bank) {
    this.#before = new Map(bank.coins);
  }

  commit(): void {
    this.#committed = true;
  }

  dispose(): void {
    if (this.#committed) return;
    for (const [account, coins] of this.#before) this.bank.coins.set(account, coins);
  }
}

@requestScoped()
class Accounts {
  // Injecting the transaction is enough to start it.
  constructor(
    private readonly bank: Bank,
    readonly transaction: Transaction,
  ) {}

  change(account: string, coins: number): void {
    const balance = (this.bank.coins.get(account) ?? 0) + coins;
    this.bank.coins.set(account, balance);
    if (balance < 0) throw new HttpError(409, "There are not enough coins");
  }
}

@Responder("/transfers", { scope: "request" })
class Transfers {
  constructor(
    private readonly accounts: Accounts,
    private readonly transaction: Transaction,
    private readonly bank: Bank,
  ) {}

  @Post("/")
  transfer(@Body(Transfer) { from, to, coins }: Transfer): Record<string, number> {
    this.accounts.change(to, coins);
    this.accounts.change(from, -coins);
    this.transaction.commit();
    return Object.fromEntries(this.bank.coins);
  }
}

await serve([Transfers]);
