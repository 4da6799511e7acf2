import type { FileContent } from "../../files/file-content.js";
import type { FileValidators } from "./filtered-file.js";
import type { CachedReply } from "./reply-cache.js";

/** The place of a reply in the cache, until it is made. */
export interface CacheSlot {
  /** The largest body that is kept, in bytes. */
  readonly largestBody: number;
  keep(entry: CachedReply): void;
  /** The reply is not kept, or only later: other requests stop waiting for it. */
  decline(): void;
}

/** Where the reply to a request comes from. */
export type ReplySource =
  /** A cached reply. */
  | { readonly kind: "cached"; readonly entry: CachedReply }
  /** A 304: the client has a current copy, with these validators. */
  | { readonly kind: "unchanged"; readonly validators: FileValidators }
  | FilteredSource;

/** The filter makes it from the file; it is cached if there is a slot. */
export interface FilteredSource {
  readonly kind: "filtered";
  readonly content: FileContent;
  readonly slot: CacheSlot | undefined;
}
