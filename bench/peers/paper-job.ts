// The job of "Understanding FastCGI Application Performance" (Open Market, 1996), section 5.1: check the password of a
// user, fetch the user's attributes, put them into a content file of 3,000 bytes. Users are records of 100 bytes in one
// file; the example library fills in the placeholders of the pages.
import { createHash, timingSafeEqual } from "node:crypto";
import { open, readFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

import { fillPlaceholders } from "../../examples/library/placeholders.js";

/** Bytes of a user's record. */
export const RECORD = 100;
/** How many users there are. */
export const USERS = 1_000;

/** The attributes of a user. */
interface User {
  readonly password: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** How users are looked up: in memory; in a file that stays open; in one that is opened each time. */
export type Lookup = "cached" | "open" | "reopened";

/** Fills in pages for users that have proved who they are. */
export class PersonalPages {
  readonly #folder: string;
  readonly #lookup: Lookup;
  readonly #cache = new Map<number, User>();
  #users: FileHandle | undefined;

  constructor(folder: string, lookup: Lookup) {
    this.#folder = folder;
    this.#lookup = lookup;
  }

  /** The page for this user, or undefined if the password is wrong. */
  async page(user: string, password: string): Promise<string | undefined> {
    const { password: hash, attributes } = await this.#userOf(Number(user) % USERS);
    if (!timingSafeEqual(Buffer.from(hash), Buffer.from(hashOf(password.slice(-3))))) return undefined;
    const content = await readFile(join(this.#folder, "page.html"), "utf8");
    let page = "";
    for await (const piece of fillPlaceholders(once(content), (name) => attributes[name])) page += piece;
    return page;
  }

  async #userOf(id: number): Promise<User> {
    const known = this.#cache.get(id);
    if (known !== undefined) return known;
    const users = this.#lookup === "reopened" ? await this.#open() : (this.#users ??= await this.#open());
    try {
      const { buffer } = await users.read(Buffer.alloc(RECORD), 0, RECORD, id * RECORD);
      const [name = "", city = "", genre = "", password = ""] = buffer.toString().trim().split("|");
      const user: User = { password, attributes: { name, city, genre } };
      if (this.#lookup === "cached") this.#cache.set(id, user);
      return user;
    } finally {
      if (this.#lookup === "reopened") await users.close();
    }
  }

  #open(): Promise<FileHandle> {
    return open(join(this.#folder, "users"));
  }
}

/** How a password is kept. */
export function hashOf(password: string): string {
  return createHash("sha256").update(password).digest("hex").slice(0, 32);
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}
