/**
 * A regular expression for raw request targets whose path a Web server and an application could take for two different
 * ones: with an empty or dot segment, an escaped slash, or a "#". The server resolves them before it looks whether the path
 * is protected, and the application's router does not: "/files/../open" is "/open" to the one and below "/files" to the
 * other. Where something is protected they are refused, as the embedded gateway does.
 */
export const AMBIGUOUS_PATH = String.raw`^[^?]*(?:#|//|%2[fF]|/(?:\.|%2[eE])(?:\.|%2[eE])?(?:[/?#]|$))`;
