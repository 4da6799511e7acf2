import type { PieceSource } from "./pieces.js";

/** The state of a stream that {@link pulledStream} made. */
interface Pulled {
  readonly source: PieceSource;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** Whether the stream itself was read from. */
  started: boolean;
}

const pulledStreams = new WeakMap<ReadableStream, Pulled>();

/**
 * Returns a web stream of pieces that are read on demand.
 *
 * A `for await` loop and a reply take the pieces directly from the source, at a fraction of the cost of a stream reader and
 * with the same observable behaviour.
 */
export function pulledStream(source: PieceSource): ReadableStream<Uint8Array> {
  let pulled!: Pulled;
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        pulled = { source, controller, started: false };
      },
      async pull(controller) {
        pulled.started = true;
        const piece = await source.next();
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
      },
      cancel() {
        source.discard();
      },
    },
    { highWaterMark: 0 },
  );
  pulledStreams.set(stream, pulled);
  Object.defineProperty(stream, Symbol.asyncIterator, { value: iterate, writable: true, configurable: true });
  return stream;
}

/**
 * Takes over the pieces of a stream from {@link pulledStream} that is neither read from nor locked, and locks it. Returns
 * undefined for any other stream.
 */
export function takePieces(stream: ReadableStream): AsyncGenerator<Uint8Array, void, undefined> | undefined {
  const pulled = pulledStreams.get(stream);
  if (pulled === undefined || pulled.started || stream.locked) return undefined;
  const reader = stream.getReader();
  const pieces = piecesOf(pulled, reader);
  const leave = pieces.return.bind(pieces);
  pieces.return = async (value) => {
    // return() of a generator that has not started would not run its clean-up.
    if (!pulled.started) {
      await reader.cancel();
      reader.releaseLock();
    }
    return leave(value);
  };
  return pieces;
}

/** The stream's async iterator. Like the built-in one it locks at once, and throws if the stream is locked. */
function iterate(
  this: ReadableStream<Uint8Array>,
  options?: Parameters<ReadableStream["values"]>[0],
): AsyncGenerator<Uint8Array, void, undefined> | ReturnType<ReadableStream<Uint8Array>["values"]> {
  // With preventCancel the stream stays readable after the loop, which only the built-in iterator supports.
  return (options?.preventCancel === true ? undefined : takePieces(this)) ?? this.values(options);
}

/** Reads the first piece from the stream, which marks it as disturbed, and the others from the source. */
async function* piecesOf(
  { source, controller }: Pulled,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  // Leaves the stream in the state in which a reader would: closed or errored.
  let leave = (): void => controller.close();
  try {
    const { value: first } = await reader.read();
    if (first === undefined) leave = () => undefined;
    for (let piece = first; piece !== undefined; piece = await source.next()) yield piece;
  } catch (error) {
    leave = () => controller.error(error);
    throw error;
  } finally {
    source.discard();
    reader.releaseLock();
    leave();
  }
}
