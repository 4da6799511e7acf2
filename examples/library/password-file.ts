import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { compare, getRounds, hash } from "bcryptjs";
import { singleton, type OnStart } from "tricorn";

const file = new URL("data/htpasswd", import.meta.url);

/** The users of an Apache htpasswd file, with bcrypt passwords (`htpasswd -B`). */
@singleton()
export class PasswordFile implements OnStart {
  readonly #hashes = new Map<string, string>();
  #decoy = "";

  async onStart(): Promise<void> {
    let rounds = 4;
    for (const line of (await readFile(file, "utf8")).split(/\r?\n/)) {
      if (line === "" || line.startsWith("#")) continue;
      const [, user, hash] = /^([^:]+):(\$2[aby]\$\d\d\$.{53})$/.exec(line) ?? [];
      if (!user || !hash) throw new Error("Cannot read htpasswd: a line is not of the form user:bcrypt-hash");
      this.#hashes.set(user, hash);
      rounds = Math.max(rounds, getRounds(hash));
    }
    this.#decoy = await hash(randomUUID(), rounds);
  }

  /** Whether the password is correct. Takes the same time for an unknown user. */
  async verify(user: string, password: string): Promise<boolean> {
    const known = this.#hashes.get(user);
    const matches = await compare(password, known ?? this.#decoy);
    return matches && known !== undefined;
  }
}
