import { expect, test } from "vitest";

import { ConnectionRecording } from "../../src/inspector/connection-recording.js";
import { Conversation } from "../../src/inspector/conversation.js";
import { begin, record, stdin, Type } from "../support/records.js";

test("records of a request id belong to the request before until the next BEGIN_REQUEST is sent", () => {
  const conversations: Conversation[] = [];
  const connection = new ConnectionRecording(1, {
    nextConversation: () => 0,
    conversationFor: (_request, facts) => {
      const conversation = new Conversation(
        { number: conversations.length + 1, connection: facts },
        { records: 100, streamBytes: 100, grew() {}, changed() {} },
      );
      conversations.push(conversation);
      return conversation;
    },
  });
  connection.began(1, { params: [] });
  connection.sent(begin(1));
  connection.received(record(Type.end, 1, Buffer.alloc(8)));
  // The id is free and used again, before the end of the first STDIN is sent.
  connection.began(1, { params: [] });
  connection.sent(Buffer.concat([stdin(1), begin(1), stdin(1, "b")]));
  connection.sent(record(Type.getValues, 0, "values"));
  const types = (of: Conversation): number[] => of.records.map(({ type }) => type);
  expect(conversations.map(types)).toEqual([
    [Type.begin, Type.end, Type.stdin],
    [Type.begin, Type.stdin, Type.stdin],
  ]);
  expect(types(connection.management)).toEqual([Type.getValues]);
  const orders = [...conversations, connection.management].map(({ records }) =>
    records.map(({ order }) => order),
  );
  expect(orders).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
});

test("a request that nobody asked about leaves no record", () => {
  const connection = new ConnectionRecording(1, {
    nextConversation: () => 0,
    conversationFor: () => undefined,
  });
  connection.began(1, { params: [] });
  connection.sent(begin(1));
  expect(connection.management.count).toBe(0);
});
