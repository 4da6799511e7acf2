#define _GNU_SOURCE
#include "answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(1);
}

void answer_clear(struct answer *answer) {
  answer->head_length = answer->body_length = answer->chunk_left = 0;
  answer->head_done = answer->chunked = answer->last_chunk = false;
  answer->chunk = CHUNK_SIZE;
}

static void check_head(struct answer *answer, const struct expectation *wanted) {
  const char *head = answer->head;
  if (wanted->http) {
    if (strncmp(head, "HTTP/1.1 ", 9) != 0 || strtol(head + 9, NULL, 10) != wanted->status) fail("Wrong status: %.200s", head);
    answer->chunked = strcasestr(head, "\ntransfer-encoding: chunked") != NULL;
    // The body has exactly the announced length, so that the next answer can be found.
    const char *length = strcasestr(head, "\ncontent-length:");
    bool right = length != NULL && strtoull(length + 16, NULL, 10) == wanted->length;
    if (!answer->chunked && !right) fail("Wrong length: %.400s", head);
  } else {
    const char *status = strcasestr(head, "status:");
    if (status != NULL && strtol(status + 7, NULL, 10) != wanted->status) fail("Wrong status: %.200s", head);
  }
  if (wanted->field != NULL && strcasestr(head, wanted->field) == NULL) {
    fail("The header block has no %s: %.400s", wanted->field, head);
  }
}

static size_t take_head(struct answer *answer, const struct expectation *wanted, const char *bytes, size_t length) {
  size_t before = answer->head_length;
  size_t taken = length < HEAD_LIMIT - before ? length : HEAD_LIMIT - before;
  memcpy(answer->head + before, bytes, taken);
  size_t from = before > 3 ? before - 3 : 0;
  size_t searched = before + taken - from;
  const char *end = memmem(answer->head + from, searched, "\r\n\r\n", 4);
  size_t blank = 4;
  if (end == NULL && !wanted->http) {
    end = memmem(answer->head + from, searched, "\n\n", 2);
    blank = 2;
  }
  if (end == NULL) {
    if (before + taken == HEAD_LIMIT) fail("The header block is longer than %d bytes", HEAD_LIMIT);
    answer->head_length += taken;
    return taken;
  }
  answer->head_length = (size_t)(end - answer->head) + blank;
  answer->head[answer->head_length] = '\0';
  answer->head_done = true;
  check_head(answer, wanted);
  return answer->head_length - before;
}

static void take_body(struct answer *answer, const struct expectation *wanted, const char *bytes, size_t length) {
  if (length > wanted->length - answer->body_length) fail("The body is longer than %zu bytes", wanted->length);
  if (memcmp(wanted->body + answer->body_length, bytes, length) != 0) fail("The body is not the expected one");
  answer->body_length += length;
}

// One byte of a line with the size of a chunk, in hexadecimal; servers send no extensions.
static void take_chunk_size(struct answer *answer, char byte) {
  if (byte == '\n') {
    answer->last_chunk = answer->chunk_left == 0;
    answer->chunk = answer->last_chunk ? CHUNK_END : CHUNK_CONTENT;
    if (answer->last_chunk) answer->chunk_left = 2;
  } else if (byte != '\r') {
    const char digit[2] = {byte, '\0'};
    answer->chunk_left = answer->chunk_left * 16 + strtoul(digit, NULL, 16);
  }
}

static size_t take_chunks(struct answer *answer, const struct expectation *wanted, const char *bytes, size_t length) {
  size_t at = 0;
  while (at < length && answer->chunk != CHUNKS_DONE) {
    if (answer->chunk == CHUNK_SIZE) {
      take_chunk_size(answer, bytes[at++]);
      continue;
    }
    size_t part = length - at < answer->chunk_left ? length - at : answer->chunk_left;
    if (answer->chunk == CHUNK_CONTENT) take_body(answer, wanted, bytes + at, part);
    at += part;
    answer->chunk_left -= part;
    if (answer->chunk_left > 0) continue;
    if (answer->chunk == CHUNK_CONTENT) {
      answer->chunk = CHUNK_END;
      answer->chunk_left = 2;
    } else answer->chunk = answer->last_chunk ? CHUNKS_DONE : CHUNK_SIZE;
  }
  return at;
}

size_t answer_take(struct answer *answer, const struct expectation *wanted, const char *bytes, size_t length) {
  size_t taken = answer->head_done ? 0 : take_head(answer, wanted, bytes, length);
  if (!answer->head_done) return taken;
  if (answer->chunked) return taken + take_chunks(answer, wanted, bytes + taken, length - taken);
  size_t left = wanted->length - answer->body_length;
  size_t rest = length - taken;
  // What follows in HTTP belongs to the next answer.
  if (wanted->http && rest > left) rest = left;
  take_body(answer, wanted, bytes + taken, rest);
  return taken + rest;
}

bool answer_complete(const struct answer *answer, const struct expectation *wanted) {
  if (!answer->head_done || answer->body_length != wanted->length) return false;
  return !answer->chunked || answer->chunk == CHUNKS_DONE;
}

static void check_end(const uint8_t *body) {
  for (int at = 0; at < 5; at++) {
    if (body[at] != 0) fail("END_REQUEST reports application status %d, protocol status %d", body[3], body[4]);
  }
}

size_t records_take(struct record_reader *reader, struct answer *const *answers, int count,
                    const struct expectation *wanted, const char *bytes, size_t length, int *ended) {
  enum { END_REQUEST = 3, STDOUT = 6, STDERR = 7 };
  size_t at = 0;
  *ended = -1;
  while (at < length) {
    if (reader->header_length < 8) {
      reader->header[reader->header_length++] = (uint8_t)bytes[at++];
      if (reader->header_length < 8) continue;
      if (reader->header[0] != 1) fail("A record has version %d", reader->header[0]);
      reader->content_left = (size_t)(reader->header[4] << 8 | reader->header[5]);
      reader->padding_left = reader->header[6];
      reader->end_length = 0;
    }
    int type = reader->header[1];
    int slot = (reader->header[2] << 8 | reader->header[3]) - 1;
    if (slot < 0 || slot >= count) fail("A record of type %d has request id %d", type, slot + 1);
    size_t part = length - at < reader->content_left ? length - at : reader->content_left;
    if (part > 0 && type == STDOUT) answer_take(answers[slot], wanted, bytes + at, part);
    else if (part > 0 && type == STDERR) fail("The application warns: %.*s", (int)part, bytes + at);
    else if (type == END_REQUEST) {
      for (size_t byte = 0; byte < part && reader->end_length < 8; byte++) {
        reader->end[reader->end_length++] = (uint8_t)bytes[at + byte];
      }
    }
    at += part;
    reader->content_left -= part;
    if (reader->content_left > 0) return at;
    size_t padding = length - at < reader->padding_left ? length - at : reader->padding_left;
    at += padding;
    reader->padding_left -= padding;
    if (reader->padding_left > 0) return at;
    reader->header_length = 0;
    if (type == END_REQUEST) {
      check_end(reader->end);
      if (!answer_complete(answers[slot], wanted)) fail("The answer has only %zu bytes", answers[slot]->body_length);
      *ended = slot;
      return at;
    }
  }
  return at;
}
