/**
 * Tricorn: a FastCGI framework of classes, one for each role.
 *
 * @module tricorn
 */
// First, because tsyringe throws if it is loaded before reflect-metadata.
import "reflect-metadata";

// Serving.
export { serve, type ServeOptions, type Served } from "./serve/serve.js";
export {
  createApplication,
  TricornApplication,
  describeControllers,
  type ApplicationDescription,
  type ApplicationOptions,
  type ApplicationPart,
  type ControllerClass,
} from "./application.js";
export type {
  AuthorizerBridgeOptions,
  BridgeOptions,
  FilterBridgeOptions,
  FilterCacheOptions,
  ListenerOptions,
} from "./bridges/bridge-options.js";
export type { ServerLimits, ServerTimeouts } from "./server/options.js";
export type { ServerOptions } from "./server/server.js";
export type { SocketAccess } from "./server/socket-access.js";
export type { HandlerTimeouts } from "./roles/roles.js";
export type { HeadLimits } from "./http/head.js";
export type { StderrLines } from "./log/stderr-lines.js";

// Roles, routes and parameter bindings.
export { Authorizer, Filter, Responder } from "./decorators/role.js";
export type { AuthorizerOptions, FilterOptions, Filtered, ScopeOptions } from "./decorators/role.js";
export {
  All,
  Delete,
  Get,
  Head,
  Options,
  Patch,
  Post,
  Put,
  Route,
  type RouteOptions,
} from "./decorators/route.js";
export { Body, Cookie, Header, Path, Query, Req, Signal, Variable } from "./decorators/bind.js";
export type { Bind, BodyDecorators, BodyOptions } from "./decorators/bind.js";
export { Use } from "./decorators/use.js";

// Requests.
export { RoleRequest } from "./roles/request.js";
export { ResponderRequest } from "./roles/responder-request.js";
export { AuthorizerPhase, AuthorizerRequest } from "./roles/authorizer-request.js";
export type { Credentials } from "./http/credentials.js";
export { Password } from "./http/password.js";
export { FilterRequest, type Validators } from "./roles/filter-request.js";
export { RequestBody, type BodyLimits, type FormLimits, type JsonLimits } from "./body/body.js";
export type { MultipartLimits } from "./body/multipart.js";
export { Part } from "./body/part.js";
export type { Scheme } from "./http/origin.js";
export type { TraceContext } from "./http/trace-context.js";
export type { ProtocolErrorEvent } from "./events/protocol-error-event.js";
export type { RequestEvent } from "./events/request-event.js";
export type { RequestHeaders } from "./http/request-headers.js";
export { lines } from "./body/lines.js";

// Answers.
export {
  Reply,
  reply,
  type BodyPiece,
  type HandlerResult,
  type ReplyBody,
  type ReplyContent,
  type ReplyInit,
} from "./roles/reply.js";
export type { HeaderFields, ReplyHeaders } from "./http/header-fields.js";
export { sendfile, type Sendfile, type SendfileOptions } from "./roles/sendfile.js";
export { allow, challenge, deny, redirect } from "./roles/verdict.js";
export type { Allow, AllowInit, Deny, DenyInit, Verdict } from "./roles/verdict.js";
export type { Middleware, Next } from "./roles/middleware.js";

// Dependencies and their lifecycle.
export {
  Lifecycle,
  container,
  createContainer,
  delay,
  inject,
  injectAll,
  injectable,
  requestScoped,
  scoped,
  singleton,
} from "./decorators/container.js";
export type { Container, Disposable, InjectionToken } from "./decorators/container.js";
export type { OnStart, OnStop } from "./decorators/lifecycle.js";

// Roles without decorators, and roles beyond the three.
export type {
  AuthorizerDefinition,
  Definition,
  FilterDefinition,
  ResponderDefinition,
  RoleContext,
  RoleDefinition,
  RouteDefinition,
} from "./roles/definitions.js";

// Errors.
export { AbortedError, ConfigurationError, ProtocolError, TricornError } from "./errors.js";
export type { AbortedErrorCode, Fault, ProtocolErrorCode } from "./errors.js";
export { HttpError, type HttpErrorOptions, type Problem, type ProblemError } from "./http/http-error.js";
export { HeaderError } from "./http/header-fields.js";
export { ReplyBodyError } from "./roles/reply-content.js";
