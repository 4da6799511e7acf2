import {
  authorityOf,
  CLIENT,
  hostnameOf,
  isChunked,
  joinedFields,
  partsOf,
  variableOf,
  type Param,
  type Passing,
} from "./http-request.js";
import { decodePath } from "../../paths/plain-path.js";

/** The params that RFC 3875, section 4.1 asks for and most Web servers send: those of a test that names no Web server. */
export const standardServer: Passing = (request) => {
  const { method, target, version, scheme, port, bodyLength } = request;
  const { query } = partsOf(target);
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const decoded = decodePath(path);
  const params: Param[] = [
    ["GATEWAY_INTERFACE", "CGI/1.1"],
    ["SERVER_PROTOCOL", `HTTP/${version}`],
    ["SERVER_SOFTWARE", "tricorn-testing"],
    ["SERVER_NAME", hostnameOf(authorityOf(request) ?? "localhost")],
    ["SERVER_PORT", String(port)],
    ["REMOTE_ADDR", CLIENT.address],
    ["REQUEST_METHOD", method],
    ["REQUEST_SCHEME", scheme],
    ...(scheme === "https" ? [["HTTPS", "on"] as const] : []),
    ["REQUEST_URI", target],
    ["QUERY_STRING", query],
    // Decoded (RFC 3875, section 4.1.13), unless the path cannot be decoded.
    ["SCRIPT_NAME", decoded === undefined ? path : Buffer.from(decoded).toString("latin1")],
    ...headerParams(),
  ];
  return { params };

  function headerParams(): Param[] {
    const params: Param[] = [];
    for (const [given, value] of joinedFields(request.fields, { cookie: "; ", other: ", " })) {
      const name = given.toLowerCase();
      if (name === "content-type" || name === "content-length") {
        params.push([name.toUpperCase().replace("-", "_"), value]);
      } else if (name !== "transfer-encoding") {
        params.push([variableOf(name), value]);
      }
    }
    if (isChunked(request)) params.push(["CONTENT_LENGTH", String(bodyLength)]);
    return params;
  }
};
