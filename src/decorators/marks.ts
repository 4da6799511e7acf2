import type { Caller } from "../diagnostics/caller.js";
import type { Middleware } from "../roles/middleware.js";
import type { MultipartLimits } from "../body/multipart.js";
import type { RoleKind } from "./class.js";
import type { Schema } from "./schema.js";

/** How long an instance of a controller lives: as long as the application, or for one request. */
export type Scope = "singleton" | "request";

/** What a role decorator wrote down about its class. */
export interface RoleMark {
  readonly kind: RoleKind;
  /** The decorator's name as it was written, for messages: `@Responder`. */
  readonly decorator: string;
  readonly scope: Scope;
  /** Where the routes of a responder begin. */
  readonly prefix: string;
  /** The globs of an authorizer or filter. */
  readonly paths: readonly string[];
  /** The variables that an authorizer declares. */
  readonly variables: readonly string[] | undefined;
  /** The media type of a filter's replies. */
  readonly type: string | undefined;
  /** What is told by hand of the state of a filter. */
  readonly version: string | undefined;
  /** Where the decorator is written. */
  readonly caller: Caller;
}

/** What a route decorator wrote down about its method. */
export interface RouteMark {
  readonly decorator: string;
  /** The HTTP method in capitals. */
  readonly method: string;
  /** The path below the prefix. */
  readonly path: string;
  readonly type: string | undefined;
  readonly status: number | undefined;
  readonly streams: boolean | undefined;
  /** Where the decorator is written. */
  readonly caller: Caller;
}

/** The parts of a request that are text under a name. */
export type NamedPart = "path" | "query" | "header" | "cookie" | "variable";

/** Where the value of a parameter comes from. */
export type BindingSource =
  | {
      readonly from: "named";
      readonly part: NamedPart;
      readonly name: string;
      readonly schema: Schema | undefined;
    }
  | { readonly from: "query"; readonly schema: Schema }
  | { readonly from: "body"; readonly schema: Schema; readonly limit: number | undefined }
  | { readonly from: "text" | "bytes"; readonly limit: number | undefined }
  | { readonly from: "multipart"; readonly limits: MultipartLimits | undefined }
  | { readonly from: "pieces" | "stream" | "request" | "signal" };

/** What a binding decorator wrote down about its parameter. */
export interface Binding {
  readonly decorator: string;
  /** The position of the parameter, from 0. */
  readonly index: number;
  readonly source: BindingSource;
}

/** What the decorators wrote down about one method. */
export interface MemberMarks {
  readonly routes: RouteMark[];
  readonly bindings: Binding[];
  readonly middleware: Middleware[];
}

/** What the decorators wrote down about one class, without what it inherits. */
export interface ClassMarks {
  readonly roles: RoleMark[];
  readonly middleware: Middleware[];
  readonly members: Map<string | symbol, MemberMarks>;
}
