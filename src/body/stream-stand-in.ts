type ByteStream = ReadableStream<Uint8Array>;

/** Returns the iterator of a stream, as `values()` does. */
type Iterate = (
  this: ByteStream,
  options?: Parameters<ByteStream["values"]>[0],
) => AsyncIterator<Uint8Array, unknown, undefined>;

/** What makes a stream. */
export interface StreamMaker {
  /** The stream, always the same one. */
  readonly stream: ByteStream;
}

/** What Node.js keeps under symbols in a stream, as in Node.js 20 to 26; empty if it keeps that elsewhere. */
type States = Record<symbol, unknown>;

/**
 * Stands in for a web stream until it is touched, since making one costs more than reading a body of 64 KiB with Node.js 20.
 * It is a ReadableStream for users and for Node.js: the methods are those of the class, and the state that they look up is
 * that of the stream, which is made then.
 */
class StreamStandIn {
  readonly #maker: StreamMaker;

  constructor(maker: StreamMaker) {
    this.#maker = maker;
  }

  /** The maker of a stream that has a stand-in; undefined for any other stream. */
  static makerOf(stream: object): StreamMaker | undefined {
    return #maker in stream ? stream.#maker : undefined;
  }

  /** Makes the class a subclass of ReadableStream. Returns whether it works in this runtime. */
  static inherit(iterate: Iterate): boolean {
    const symbols = Object.getOwnPropertySymbols(new ReadableStream());
    if (symbols.length === 0) return false;
    const { prototype } = StreamStandIn;
    Object.setPrototypeOf(prototype, ReadableStream.prototype);
    for (const symbol of symbols) {
      Object.defineProperty(prototype, symbol, {
        get(this: StreamStandIn) {
          return (this.#maker.stream as unknown as States)[symbol];
        },
        set(this: StreamStandIn, value: unknown) {
          (this.#maker.stream as unknown as States)[symbol] = value;
        },
      });
    }
    Object.defineProperty(prototype, "constructor", {
      value: ReadableStream,
      writable: true,
      configurable: true,
    });
    define(prototype, iterate);
    try {
      const tried = new StreamStandIn({ stream: new ReadableStream<Uint8Array>() }) as unknown as ByteStream;
      return !tried.locked && tried.getReader() instanceof ReadableStreamDefaultReader && tried.locked;
    } catch {
      return false;
    }
  }
}

let inherits: boolean | undefined;
/** The makers of streams without a stand-in. */
const makers = new WeakMap<object, StreamMaker>();

/** Returns a stand-in for the stream of a maker, or that stream if the runtime allows none. */
export function standInFor(maker: StreamMaker, iterate: Iterate): ByteStream {
  inherits ??= StreamStandIn.inherit(iterate);
  if (inherits) return new StreamStandIn(maker) as unknown as ByteStream;
  const { stream } = maker;
  define(stream, iterate);
  makers.set(stream, maker);
  return stream;
}

/** Returns the maker of a stream from {@link standInFor}; undefined for any other stream. */
export function makerOf(stream: object): StreamMaker | undefined {
  return StreamStandIn.makerOf(stream) ?? makers.get(stream);
}

function define(stream: object, iterate: Iterate): void {
  Object.defineProperty(stream, Symbol.asyncIterator, { value: iterate, writable: true, configurable: true });
}
