// FastCGI in C, with the library of the specification's authors: all three roles, one connection after the other.
#include <fcgiapp.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE = 1024 * 1024, BLOCK = 8192 };

static const char line[] = "The quick brown fox jumps over the lazy dog 0123456789.\n";

static void copy(FCGX_Request *request, int upper) {
  char block[BLOCK];
  for (int length; (length = FCGX_GetStr(block, sizeof block, request->in)) > 0;) {
    for (int at = 0; upper && at < length; at++) {
      if (block[at] >= 'a' && block[at] <= 'z') block[at] = (char)(block[at] - 0x20);
    }
    FCGX_PutStr(block, length, request->out);
  }
}

int main(int count, char **arguments) {
  static char large[LARGE];
  for (int at = 0; at < LARGE; at++) large[at] = line[at % (int)(sizeof line - 1)];
  FCGX_Request request;
  if (count < 2 || FCGX_Init() != 0) return 2;
  int listener = FCGX_OpenSocket(arguments[1], 1024);
  if (listener < 0 || FCGX_InitRequest(&request, listener, 0) != 0) return 2;
  while (FCGX_Accept_r(&request) == 0) {
    const char *role = FCGX_GetParam("FCGI_ROLE", request.envp);
    const char *uri = FCGX_GetParam("REQUEST_URI", request.envp);
    if (role != NULL && strcmp(role, "AUTHORIZER") == 0) {
      FCGX_PutS("Status: 200 OK\r\nVariable-AUTH_USER: ada\r\n\r\n", request.out);
      continue;
    }
    FCGX_PutS("Status: 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n", request.out);
    if (role != NULL && strcmp(role, "FILTER") == 0) {
      while (FCGX_GetChar(request.in) >= 0) continue;  // DATA follows STDIN
      FCGX_StartFilterData(request.in);
      copy(&request, 1);
    } else if (uri != NULL && strncmp(uri, "/echo", 5) == 0) {
      copy(&request, 0);
    } else if (uri != NULL && strncmp(uri, "/large", 6) == 0) {
      FCGX_PutStr(large, LARGE, request.out);
    } else {
      FCGX_PutS("Hello from FastCGI", request.out);
    }
  }
  return 0;
}
