// Reads answers, of FastCGI, SCGI and HTTP/1.1, and checks each of them.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HEAD_LIMIT = 8192 };

// What every answer must be.
struct expectation {
  const char *body;
  size_t length;
  const char *field;  // text that the header block must have; NULL for none
  int status;
  bool http;
  bool scgi;  // a header block and a body as in FastCGI, without records
};

// A partially received answer.
struct answer {
  char head[HEAD_LIMIT + 1];
  size_t head_length;
  bool head_done;
  size_t body_length;
  // The chunked coding of HTTP/1.1.
  bool chunked;
  enum { CHUNK_SIZE, CHUNK_CONTENT, CHUNK_END, CHUNKS_DONE } chunk;
  size_t chunk_left;  // bytes of content, or of the line end behind it
  bool last_chunk;
};

// Partially received records.
struct record_reader {
  uint8_t header[8];
  size_t header_length;
  size_t content_left, padding_left;
  uint8_t end[8];
  size_t end_length;
};

void answer_clear(struct answer *answer);

// Reads bytes of a header block and its body, and returns how many belong to this answer. Exits if the
// answer is wrong.
size_t answer_take(struct answer *answer, const struct expectation *wanted, const char *bytes, size_t length);

// Whether the answer is complete; in FastCGI, END_REQUEST says so, and in SCGI the end of the connection follows.
bool answer_complete(const struct answer *answer, const struct expectation *wanted);

// Reads bytes up to the end of the next record that ends a request, and returns how many were read. `*ended` is the
// number of the answer that has ended, or -1.
size_t records_take(struct record_reader *reader, struct answer *const *answers, int count,
                    const struct expectation *wanted, const char *bytes, size_t length, int *ended);

// Prints why this run is invalid, and exits.
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
