// A pulled stream takes an invisible short cut; each visible property is tested on the platform's stream too.
import { isErrored, Readable } from "node:stream";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";

import { pulledStream, takePieces } from "../../src/body/pulled-stream.js";

interface Made {
  readonly stream: ReadableStream<Uint8Array>;
  readonly seen: { discarded: boolean; asked: number };
}

type Step = number | Error;

const bytes = (value: number): Uint8Array => Uint8Array.of(value);

function pulled(steps: readonly Step[]): Made {
  const seen = { discarded: false, asked: 0 };
  const rest = [...steps];
  const stream = pulledStream({
    next() {
      seen.asked += 1;
      const step = rest.shift();
      if (step instanceof Error) return Promise.reject(step);
      return step === undefined ? undefined : bytes(step);
    },
    discard: () => void (seen.discarded = true),
  });
  return { stream, seen };
}

function native(steps: readonly Step[]): Made {
  const seen = { discarded: false, asked: 0 };
  const rest = [...steps];
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        seen.asked += 1;
        const step = rest.shift();
        if (step instanceof Error) throw step;
        if (step === undefined) controller.close();
        else controller.enqueue(bytes(step));
      },
      cancel: () => void (seen.discarded = true),
    },
    { highWaterMark: 0 },
  );
  return { stream, seen };
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<number[]> {
  const all: number[] = [];
  for await (const piece of stream) all.push(...piece);
  return all;
}

/** The outcome of a promise: its value, or the message of its error. */
const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error: (error as Error).message }),
  );

test.each([
  ["a pulled stream", pulled],
  ["a stream of the platform", native],
])("%s is read to its end by a loop, and then closed", async (_, make) => {
  const { stream, seen } = make([1, 2, 3]);
  expect(await collect(stream)).toEqual([1, 2, 3]);
  expect(seen.asked).toBe(4);
  expect(stream.locked).toBe(false);
  expect(await outcome(stream.getReader().closed)).toEqual({ value: undefined });
});

test.each([
  ["a pulled stream", pulled],
  ["a stream of the platform", native],
])("%s fails in a loop, and stays failed", async (_, make) => {
  const { stream } = make([1, new Error("broken")]);
  expect(await outcome(collect(stream))).toEqual({ error: "broken" });
  expect(stream.locked).toBe(false);
  expect(await outcome(stream.getReader().read())).toEqual({ error: "broken" });
});

test.each([
  ["a pulled stream", pulled],
  ["a stream of the platform", native],
])("%s is dropped and closed when its loop is left", async (_, make) => {
  const { stream, seen } = make([1, 2, 3]);
  for await (const piece of stream) {
    expect(piece).toEqual(bytes(1));
    break;
  }
  expect(seen).toEqual({ discarded: true, asked: 1 });
  expect(stream.locked).toBe(false);
  expect(await stream.getReader().read()).toEqual({ done: true, value: undefined });
});

test.each([
  ["a pulled stream", pulled],
  ["a stream of the platform", native],
])("%s is locked by its loop, and refuses one while locked", async (_, make) => {
  const { stream, seen } = make([1, 2]);
  for await (const _piece of stream) {
    expect(stream.locked).toBe(true);
    expect(() => stream.getReader()).toThrow(TypeError);
    expect(await outcome(collect(stream))).toMatchObject({ error: expect.stringContaining("locked") });
    break;
  }
  expect(seen.asked).toBe(1);
});

test.each([
  ["a pulled stream", pulled],
  ["a stream of the platform", native],
])("%s continues in a loop after a reader", async (_, make) => {
  const { stream } = make([1, 2, 3]);
  const reader = stream.getReader();
  expect(await reader.read()).toEqual({ done: false, value: bytes(1) });
  reader.releaseLock();
  expect(await collect(stream)).toEqual([2, 3]);
});

test.each([
  ["a pulled stream", pulled],
  ["a stream of the platform", native],
])("%s can be transformed and teed", async (_, make) => {
  const doubled = new TransformStream<Uint8Array, Uint8Array>({
    transform: (piece, controller) => controller.enqueue(piece.map((value) => value * 2)),
  });
  expect(await collect(make([1, 2]).stream.pipeThrough(doubled))).toEqual([2, 4]);
  const [one, other] = make([1, 2]).stream.tee();
  expect(await Promise.all([collect(one), collect(other)])).toEqual([
    [1, 2],
    [1, 2],
  ]);
});

test.each([
  ["a pulled stream", pulled],
  ["a stream of the platform", native],
])("%s is disturbed after its first piece", async (_, make) => {
  const { stream } = make([1, 2]);
  expect(Readable.isDisturbed(stream as never)).toBe(false);
  const during: boolean[] = [];
  for await (const _piece of stream) during.push(Readable.isDisturbed(stream as never));
  expect(during).toEqual([true, true]);
  expect(Readable.isDisturbed(stream as never)).toBe(true);
});

test.each([
  ["a pulled stream", pulled],
  ["a stream of the platform", native],
])("%s without pieces ends, or fails, at once", async (_, make) => {
  const { stream } = make([]);
  expect(await collect(stream)).toEqual([]);
  expect(await outcome(stream.getReader().closed)).toEqual({ value: undefined });
  const failing = make([new Error("broken")]).stream;
  expect(await outcome(collect(failing))).toEqual({ error: "broken" });
  expect(await outcome(failing.getReader().closed)).toEqual({ error: "broken" });
});

test.each([
  ["a pulled stream", pulled],
  ["a stream of the platform", native],
])("%s continues after an abandoned loop with preventCancel", async (_, make) => {
  const { stream, seen } = make([1, 2]);
  // The types of Node.js 20 declare the options of values() only.
  const { [Symbol.asyncIterator]: begin } = stream as { [Symbol.asyncIterator]: typeof stream.values };
  const iterator = begin.call(stream, { preventCancel: true });
  expect(await iterator.next()).toEqual({ done: false, value: bytes(1) });
  await iterator.return?.();
  expect([stream.locked, seen.discarded]).toEqual([false, false]);
  expect(await collect(stream)).toEqual([2]);
});

test.each([
  ["a pulled stream", pulled],
  ["a stream of the platform", native],
])("%s is dropped and unlocked by an iterator that is ended before it began", async (_, make) => {
  const { stream, seen } = make([1, 2]);
  const iterator = stream[Symbol.asyncIterator]();
  expect(stream.locked).toBe(true);
  expect(await iterator.return!()).toMatchObject({ done: true });
  expect(seen).toEqual({ discarded: true, asked: 0 });
  expect(stream.locked).toBe(false);
  expect(await iterator.next()).toMatchObject({ done: true });
});

test("pulls in order when its iterator is called again before it has answered", async () => {
  const iterator = pulled([1, 2]).stream[Symbol.asyncIterator]();
  expect(await Promise.all([iterator.next(), iterator.next(), iterator.next()])).toEqual([
    { done: false, value: bytes(1) },
    { done: false, value: bytes(2) },
    { done: true, value: undefined },
  ]);
});

test("hands over its pieces unless it was read or locked", async () => {
  const read = pulled([1, 2]).stream;
  const reader = read.getReader();
  expect(takePieces(read)).toBeUndefined();
  await reader.read();
  reader.releaseLock();
  expect(takePieces(read)).toBeUndefined();
  expect(takePieces(native([1]).stream)).toBeUndefined();

  const untouched = pulled([1, 2]).stream;
  const pieces = takePieces(untouched)!;
  expect(untouched.locked).toBe(true);
  expect(await collect(pieces)).toEqual([1, 2]);
});

const kinds = [
  ["a pulled stream", pulled],
  ["a stream of the platform", native],
] as const;

/** What Node.js shows of a stream. */
const shown = (stream: ReadableStream): string => inspect(stream).replaceAll(/\s+/g, " ");

/** Ways to reach the state that is then looked at: before, during and after direct reading. */
const moments: Readonly<Record<string, (stream: ReadableStream<Uint8Array>) => Promise<unknown>>> = {
  "that nothing has touched": async () => {},
  "while a loop reads it": async (stream) => {
    const loop = stream[Symbol.asyncIterator]();
    await loop.next();
  },
  "whose loop has not begun": async (stream) => void stream[Symbol.asyncIterator](),
  "that a loop has read": collect,
  "that a loop has left": async (stream) => {
    for await (const _piece of stream) break;
  },
  "that was cancelled": (stream) => stream.cancel(),
  "that a reader has locked": async (stream) => void stream.getReader(),
};

describe.each(Object.keys(moments))("a stream %s", (moment) => {
  test.each(kinds)("is a ReadableStream in all that can be seen: %s", async (_, make) => {
    // Touched only after that moment, and at once.
    for (const isTouched of [false, true]) {
      const seen: unknown[] = [];
      for (const by of [make, native]) {
        const { stream } = by([1, 2]);
        if (isTouched) expect(stream.locked).toBe(false);
        await moments[moment]!(stream);
        const isLocked = stream.locked;
        seen.push({
          isLocked,
          isDisturbed: Readable.isDisturbed(stream as never),
          isErrored: isErrored(stream as never),
          isStream: stream instanceof ReadableStream,
          tag: Object.prototype.toString.call(stream),
          shown: shown(stream),
          constructor: stream.constructor,
          cancelled: isLocked ? await outcome(stream.cancel()) : undefined,
          reader: thrown(() => stream.getReader().releaseLock()),
          byob: thrown(() => stream.getReader({ mode: "byob" }))?.name,
          values: thrown(() => void stream.values()),
          response: thrown(() => new Response(stream))?.name,
          node: thrown(() => Readable.fromWeb(stream as never).destroy())?.name,
        });
      }
      expect(seen[0]).toEqual(seen[1]);
    }
  });

  test.each(kinds)("is read, piped, teed and cancelled as one of the platform: %s", async (_, make) => {
    const uses: readonly ((stream: ReadableStream<Uint8Array>) => Promise<unknown>)[] = [
      collect,
      (stream) => collect(stream.values()),
      (stream) => stream.getReader().read(),
      (stream) => stream.cancel("enough"),
      async (stream) => Buffer.from(await new Response(stream).arrayBuffer()),
      async (stream) => Promise.all(stream.tee().map(collect)),
      async (stream) => collect(stream.pipeThrough(new TransformStream<Uint8Array, Uint8Array>())),
      async (stream) => collect(Readable.fromWeb(stream as never)),
      async (stream) => {
        const pieces: Uint8Array[] = [];
        await stream.pipeTo(new WritableStream({ write: (piece: Uint8Array) => void pieces.push(piece) }));
        return pieces;
      },
    ];
    for (const use of uses) {
      const results: unknown[] = [];
      for (const by of [make, native]) {
        const { stream, seen } = by([1, 2]);
        await moments[moment]!(stream);
        // A failure of the other kind has other words.
        const done = await outcome((async () => use(stream))());
        results.push([Object.keys(done as object), (done as { value?: unknown }).value, seen.asked]);
      }
      expect(results[0]).toEqual(results[1]);
    }
  });
});

/** The error that something throws. */
function thrown(act: () => unknown): Error | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

test.each(kinds)(
  "%s is dropped and unlocked by Readable.from() that is destroyed before it was read",
  async (_, make) => {
    const { stream, seen } = make([1, 2]);
    const readable = Readable.from(stream);
    readable.on("error", () => {});
    const closed = new Promise<void>((resolve) => void readable.once("close", () => resolve()));
    readable.destroy(new Error("no interest"));
    await closed;
    expect(seen).toEqual({ discarded: true, asked: 0 });
    expect(stream.locked).toBe(false);
  },
);
