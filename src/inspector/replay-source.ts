import { RecordType, Role } from "../protocol/constants.js";
import type { ExchangeRecording } from "./exchange-recording.js";
import type { Replay } from "./views.js";

/** The body of a request as it was recorded, or why it cannot be sent again. */
export type RecordedBody =
  | { readonly kind: "none" }
  | { readonly kind: "whole"; readonly bytes: Buffer }
  | { readonly kind: "missing"; readonly reason: string };

/** Whether a request can be sent again. */
export function replayOf(exchange: ExchangeRecording): Replay {
  const body = recordedBody(exchange);
  return body.kind === "missing" ? { possible: false, reason: body.reason } : { possible: true };
}

/** The body of a request: what the application got as STDIN. */
export function recordedBody(exchange: ExchangeRecording): RecordedBody {
  if (!hasBody(exchange)) return { kind: "none" };
  const conversation = exchange.questions
    .findLast(({ role }) => role !== Role.Authorizer)
    ?.conversations.at(-1);
  const stdin = conversation?.contentsOf(RecordType.Stdin, "sent");
  if (conversation === undefined || stdin === undefined)
    return missing("its body was not sent to the application, so it was not recorded");
  if (!stdin.isWhole)
    return missing(`its body was cut: ${stdin.bytes.length} of ${stdin.length} bytes were recorded`);
  const expected = fieldOf(exchange, "content-length");
  const isComplete =
    expected === undefined
      ? conversation.records.some(
          ({ type, contentLength }) => type === RecordType.Stdin && contentLength === 0,
        )
      : Number(expected) === stdin.length;
  if (!isComplete) return missing("its body did not arrive as a whole");
  return { kind: "whole", bytes: stdin.bytes };
}

function hasBody(exchange: ExchangeRecording): boolean {
  const length = fieldOf(exchange, "content-length");
  return (
    fieldOf(exchange, "transfer-encoding") !== undefined || (length !== undefined && Number(length) !== 0)
  );
}

function missing(reason: string): RecordedBody {
  return { kind: "missing", reason };
}

function fieldOf({ rawHeaders }: ExchangeRecording, name: string): string | undefined {
  const at = rawHeaders.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
  return at < 0 ? undefined : rawHeaders[at + 1];
}
