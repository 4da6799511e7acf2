/** Bytes of one of the objects below, with its text and its list; measured. */
const BYTES = 186;

/** Many small objects that refer to each other, as an application's cache or model has; about so many bytes in all. */
export function liveObjects(bytes: number): readonly object[] {
  const objects: object[] = [];
  for (let id = 0; id < bytes / BYTES; id += 1) {
    objects.push({ id, name: `thing ${id}`, tags: [`tag ${id % 100}`, id], before: objects.at(-1) });
  }
  return objects;
}
