// A plain CGI program: a process for each request.
import { PersonalPages } from "./paper-job.js";

const { PAPER_FOLDER = "", HTTP_X_USER = "", HTTP_X_PASSWORD = "" } = process.env;
const page = await new PersonalPages(PAPER_FOLDER, "reopened").page(HTTP_X_USER, HTTP_X_PASSWORD);
const status = page === undefined ? 403 : 200;
process.stdout.write(
  `Status: ${status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(page ?? "")}\r\n\r\n${page ?? ""}`,
);
