import type { PieceSource } from "./pieces.js";

/** What is known of a stream that was made here. */
interface Pulled {
  readonly source: PieceSource;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** Whether anybody has read by way of the stream itself. */
  started: boolean;
}

const pulledStreams = new WeakMap<ReadableStream, Pulled>();

/**
 * A web stream of pieces, which are read only when they are asked for.
 *
 * Most are read in a `for await` loop, or answered with as they are. Both take the pieces straight from where they come,
 * at a fraction of what a reader of the stream costs; whoever looks at the stream sees no difference.
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
 * Takes over all pieces of a stream that was made here and that nobody has read from or locked; undefined for others. The
 * stream is locked from then on.
 */
export function takePieces(stream: ReadableStream): AsyncGenerator<Uint8Array, void, undefined> | undefined {
  const pulled = pulledStreams.get(stream);
  if (pulled === undefined || pulled.started || stream.locked) return undefined;
  const reader = stream.getReader();
  const pieces = piecesOf(pulled, reader);
  const leave = pieces.return.bind(pieces);
  pieces.return = async (value) => {
    // A generator that has not begun would end and leave everything as it is.
    if (!pulled.started) {
      await reader.cancel();
      reader.releaseLock();
    }
    return leave(value);
  };
  return pieces;
}

/** What `for await` calls; like the stream's own iterator it locks at once, and throws where somebody else has. */
function iterate(
  this: ReadableStream<Uint8Array>,
  options?: Parameters<ReadableStream["values"]>[0],
): AsyncGenerator<Uint8Array, void, undefined> | ReturnType<ReadableStream<Uint8Array>["values"]> {
  // Who wants to read on behind a loop that was left needs the stream itself.
  return (options?.preventCancel === true ? undefined : takePieces(this)) ?? this.values(options);
}

/** Reads one piece by way of the stream, which is disturbed then, and the others without it. */
async function* piecesOf(
  { source, controller }: Pulled,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  // How a reader would have left the stream: at its end or cancelled, or failed.
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
