/**
 * What the codes of refusals mean, in a sentence or two.
 *
 * @type {Readonly<Record<string, string>>}
 */
const REFUSALS = {
  ERR_LIMIT_REQUESTS:
    "503: more requests were active than requests or requestsPerConnection allows. Either handlers hang, or it is too much for this many workers.",
  ERR_LIMIT_BODY: "413: a body or a file was longer than bodyBytes.",
  ERR_LIMIT_PARAMS: "431: PARAMS exceeded a limit, usually by very large header fields or cookies.",
  ERR_ABORTED_TIMEOUT:
    "504 if the handler took too long to answer, 408 if PARAMS or a body did not arrive in time.",
  ERR_ABORTED_LIMIT: "413: a body exceeded its limit while the handler read it.",
  ERR_ABORTED_SHUTDOWN: "503: the worker ended before the answer was complete.",
  ERR_ABORTED_BY_SERVER: "The Web server aborted the request, as most do when their client leaves.",
  ERR_ABORTED_DISCONNECT: "The Web server closed the connection, or broke the protocol.",
  ERR_EVENT_LOOP_HUNG: "The event loop of the worker stood still, and the worker was ended.",
  ERR_UNKNOWN_ROLE: "500: the application has no class for the role that the Web server asked for.",
  ERR_AUTHORIZER_UNASKED: "The Web server did not ask the authorizer that covers the path.",
  ERR_FILTER_UNREACHED: "A filter covers the file, but the filter bridge has no root.",
  ERR_NO_AUTHORIZER: "403: no authorizer covers the path.",
  ERR_MOUNT_UNDECLARED:
    "403: an authorizer covers the path only below a mount that the application does not declare.",
  ERR_AUTHORIZER_PASSED_BY: "403: an authorizer covers the file under another name than the path.",
  ERR_BRIDGE_MARKER: "403: the param TRICORN_BRIDGE of the Web server has an unknown value.",
  ERR_BRIDGE_TARGET: "403: the Web server did not say which request the authorizer is asked about.",
  ERR_CREDENTIALS_REPEATED: "400: credentials came more than once.",
  ERR_REQUEST_INVALID: "400: a parameter did not fit its schema.",
  ERR_BODY_TYPE: "415: the body has another media type than the handler reads.",
  ERR_BODY_JSON: "400: the body is not JSON.",
  ERR_BODY_ENCODING: "400: the body is not UTF-8.",
  ERR_BODY_CHARSET: "415: the body has a charset other than UTF-8.",
  ERR_BODY_LENGTH: "400: the body was not as long as its Content-Length.",
  ERR_BODY_CODING: "415: the body is compressed.",
  ERR_CONTENT_LENGTH: "400: Content-Length is not a number.",
  ERR_BODY_TOO_LARGE: "413: the body was longer than the handler reads.",
  ERR_BODY_MULTIPART: "400: the multipart body is malformed or exceeds a limit.",
  ERR_HTTP: "The handler threw an HttpError.",
  ERR_FCGI_VERSION: "The peer does not speak FastCGI 1.",
  ERR_FCGI_NULL_REQUEST_ID: "The peer sent a request with the id 0.",
  ERR_FCGI_DUPLICATE_BEGIN: "The peer began a request with an id that is in use.",
  ERR_FCGI_STREAM_CLOSED: "The peer sent more of a stream after its end.",
  ERR_FCGI_BODY_LENGTH: "The peer sent a record of a wrong length.",
  ERR_FCGI_NAME_VALUE: "400: PARAMS are not name-value pairs.",
  ERR_FCGI_RESPONSE_HEADER: "A header block is malformed or too long.",
  ERR_FCGI_RECORD_TYPE: "The peer sent a record of a type that it must not send.",
  ERR_SCGI_NETSTRING: "The peer does not speak SCGI.",
  ERR_SCGI_HEADERS: "400: the headers of an SCGI request are malformed.",
  ERR_SCGI_BODY_LENGTH: "400: an SCGI request has no valid CONTENT_LENGTH.",
};

/**
 * @param {string} code
 * @returns {string}
 */
export function aboutRefusal(code) {
  return REFUSALS[code] ?? "docs/errors.md of the package describes this code.";
}
