import { readFile } from "node:fs/promises";
import { singleton, type OnStart } from "tricorn";
import { z } from "zod";

import { Genre } from "./book.js";

const file = new URL("data/members.json", import.meta.url);

/** The profile of a member. */
export const Profile = z.strictObject({
  name: z.string().min(1),
  city: z.string().min(1),
  genre: Genre,
  since: z.number().int(),
});
export type Profile = z.infer<typeof Profile>;

/** The profiles of the members, by user name. */
@singleton()
export class Members implements OnStart {
  #profiles = new Map<string, Profile>();

  async onStart(): Promise<void> {
    const profiles = z.record(z.string(), Profile).parse(JSON.parse(await readFile(file, "utf8")));
    this.#profiles = new Map(Object.entries(profiles));
  }

  profileOf(user: string): Profile | undefined {
    return this.#profiles.get(user);
  }
}
