import { secretsOf } from "../log/secrets.js";
import { RecordType, Role } from "../protocol/constants.js";
import { Params } from "../protocol/params.js";
import type { Conversation, Direction } from "./conversation.js";
import { headIn, pairsIn, type Decoded, type LocatedPair } from "./decoded.js";
import type { SecretNames } from "./secret-spans.js";
import { joinedSpans, occurrences, type Span } from "./spans.js";

/** Shorter secrets are common in ordinary text, so they are masked only in fields of their own. */
const SHORTEST_SECRET = 4;
/** The same for other variables, most of which are words. */
const SHORTEST_IN_PARAMS = 8;
/** With more secrets, bodies are masked as a whole: to search for each would take too long. */
const MAX_SECRETS = 500;

const NOTHING: Decoded = { pairs: [], end: 0 };
const EMPTY = Buffer.alloc(0);

/** The secrets of a request that are masked if another variable or field quotes them. */
export function quotableSecrets(params: Params, declared: readonly string[]): readonly string[] {
  return secretsOf(params, declared).filter(({ length }) => length >= SHORTEST_IN_PARAMS);
}

/** A conversation, and the secrets in it. */
export interface ConversationSource {
  readonly conversation: Conversation;
  readonly role: number | undefined;
  readonly names: SecretNames;
  /** Names of secrets that the application declares. */
  readonly declared: readonly string[];
}

/** The decoded contents of a conversation, and where its secrets are, as of now. */
export class ConversationContent {
  readonly #source: ConversationSource;
  readonly #decoded = new Map<string, Decoded>();
  readonly #masks = new Map<string, readonly Span[]>();
  #secrets: readonly string[] | undefined;

  constructor(source: ConversationSource) {
    this.#source = source;
  }

  /** The joined contents of the records of a type, as far as they were kept. */
  bytesOf(type: number, direction: Direction): Buffer {
    return this.#source.conversation.contentsOf(type, direction)?.bytes ?? EMPTY;
  }

  /** Name-value pairs of PARAMS and of management records, lines of a header block in STDOUT. */
  decoded(type: number, direction: Direction): Decoded {
    const key = `${direction} ${type}`;
    const known = this.#decoded.get(key);
    if (known !== undefined) return known;
    const decoded = this.#decode(type, direction);
    this.#decoded.set(key, decoded);
    return decoded;
  }

  #decode(type: number, direction: Direction): Decoded {
    switch (type) {
      case RecordType.Params:
      case RecordType.GetValues:
      case RecordType.GetValuesResult:
        return pairsIn(this.bytesOf(type, direction));
      case RecordType.Stdout:
        return this.#hasHead ? headIn(this.bytesOf(type, direction)) : NOTHING;
      default:
        return NOTHING;
    }
  }

  /** Where the secrets are among the joined contents of a type. */
  masks(type: number, direction: Direction): readonly Span[] {
    const key = `${direction} ${type}`;
    const known = this.#masks.get(key);
    if (known !== undefined) return known;
    const masks = this.#findMasks(type, direction);
    this.#masks.set(key, masks);
    return masks;
  }

  #findMasks(type: number, direction: Direction): readonly Span[] {
    const bytes = this.bytesOf(type, direction);
    const { pairs, end } = this.decoded(type, direction);
    switch (type) {
      case RecordType.Params:
        // A pair that is not whole may hold a secret.
        return joinedSpans([...this.#inVariables(pairs), { start: end, end: bytes.length }]);
      case RecordType.Stdin:
      case RecordType.Stdout:
      case RecordType.Stderr:
      case RecordType.Data:
        return joinedSpans([
          ...this.#inPairs(pairs),
          ...this.#inText(bytes, end),
          ...this.#known(bytes, SHORTEST_SECRET),
        ]);
      default:
        return [];
    }
  }

  /** Section 6: the roles whose STDOUT begins with a header block. */
  get #hasHead(): boolean {
    const { role } = this.#source;
    return role === Role.Responder || role === Role.Authorizer || role === Role.Filter;
  }

  #inPairs(pairs: readonly LocatedPair[]): readonly Span[] {
    return pairs.flatMap(({ name, value, valueStart }) =>
      shifted(this.#source.names.inValue(name.toString("latin1"), value.toString("latin1")), valueStart),
    );
  }

  /** As in pairs; and the credentials of the request, if another variable quotes them. */
  #inVariables(pairs: readonly LocatedPair[]): readonly Span[] {
    return pairs.flatMap((pair) => {
      const own = this.#inPairs([pair]);
      return own.length > 0 ? own : shifted(this.#known(pair.value, SHORTEST_IN_PARAMS), pair.valueStart);
    });
  }

  #inText(bytes: Buffer, from: number): readonly Span[] {
    return shifted(this.#source.names.inText(bytes.toString("latin1", from)), from);
  }

  /** Where the credentials of the request are quoted. */
  #known(bytes: Buffer, shortest: number): readonly Span[] {
    const secrets = this.#knownSecrets().filter(({ length }) => length >= shortest);
    if (secrets.length > MAX_SECRETS) return [{ start: 0, end: bytes.length }];
    return occurrences(bytes, secrets);
  }

  #knownSecrets(): readonly string[] {
    if (this.#secrets === undefined) {
      const bytes = this.bytesOf(RecordType.Params, "sent");
      const params = new Params(bytes.subarray(0, pairsIn(bytes).end));
      this.#secrets = secretsOf(params, this.#source.declared);
    }
    return this.#secrets;
  }
}

function shifted(spans: readonly Span[], by: number): readonly Span[] {
  return spans.map(({ start, end }) => ({ start: start + by, end: end + by }));
}
