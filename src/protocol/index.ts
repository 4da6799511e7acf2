/**
 * FastCGI 1.0 on the wire, both directions, and the application's side of SCGI, without I/O: `tricorn/protocol`.
 *
 * @module protocol
 */
export type { AnswerWriter, WholeAnswer } from "./answer-writer.js";
export { formatAddress, parseAddress, type Address, type AddressLike } from "./address.js";
export type { AnswerFields, EndFields } from "./application-side/answer-fields.js";
export type { Application, Refusal, RoleInputs } from "./application-side/application.js";
export { ApplicationSide, type ApplicationSideOptions } from "./application-side/application-side.js";
export type { ApplicationSideHost } from "./application-side/application-side-host.js";
export {
  BODY_LENGTH,
  decodeBeginRequest,
  decodeEndRequest,
  decodeUnknownType,
  encodeBeginRequest,
  encodeEndRequest,
  encodeUnknownType,
  type BeginRequestBody,
  type EndRequestBody,
} from "./bodies.js";
export {
  CgiResponseParser,
  type CgiHeaderField,
  type CgiResponseHead,
  type CgiResponseLimits,
} from "./cgi-response.js";
export {
  HEADER_LENGTH,
  KEEP_CONN,
  MAX_ALIGNED_CONTENT_LENGTH,
  MAX_CONTENT_LENGTH,
  NULL_REQUEST_ID,
  ProtocolStatus,
  RecordType,
  Role,
  ValueName,
  VERSION,
  roleName,
} from "./constants.js";
export { Exchange, type ExchangeHost, type ExchangeStart } from "./application-side/exchange.js";
export type {
  AnsweringPhase,
  DispatchedPhase,
  EndedPhase,
  ParamsPhase,
  Progress,
  RefusedPhase,
  RequestPhase,
} from "./application-side/request-phase.js";
export { fastCgi, scgi, type Framing } from "./framing.js";
export { InputStream, type ConsumedListener } from "./input-stream.js";
export { defaultLimits, type ApplicationSideLimits } from "./limits.js";
export {
  MAX_NAME_VALUE_LENGTH,
  countPairs,
  decodeNameValuePairs,
  encodeNameValuePairs,
  type NameValuePair,
} from "./name-value.js";
export { OutgoingRequest, type AnswerSink, type InputType } from "./outgoing-request.js";
export { Params } from "./params.js";
export {
  encodeRecord,
  encodeStream,
  paddingFor,
  writeHeader,
  type RecordFields,
  type RecordHeader,
} from "./record.js";
export { RecordReader, type RecordSink, type RequestReader } from "./record-reader.js";
export { RecordWriter } from "./record-writer.js";
export type { ApplicationSideTimes } from "./application-side/time-limits.js";
export {
  MAX_REQUEST_ID,
  WebServerSide,
  type RequestStart,
  type ValuesListener,
  type WebServerSideHost,
} from "./web-server-side.js";
