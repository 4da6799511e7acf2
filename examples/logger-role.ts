// A custom role. The specification leaves the set of roles open (section 6.1), and your Web server may have
// more of them. Here role 4 is a logger: the Web server sends it the lines of its log on FCGI_STDIN.
import { createApplication, lines, serve, type RoleDefinition } from "tricorn";

const logger: RoleDefinition = {
  kind: "role",
  number: 4,
  name: "Logger",
  inputs: { stdin: true, data: false },
  async handle(exchange) {
    const statuses = new Map<string, number>();
    for await (const line of lines(exchange.stdin)) {
      const status = / (\d{3}) \S+$/.exec(line)?.[1] ?? "other"; // the common log format ends with status and bytes
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    // No CGI header block: a custom role defines its own output.
    for (const [status, count] of [...statuses].sort(([a], [b]) => a.localeCompare(b))) {
      exchange.write(`${status}\t${count}\n`);
    }
    exchange.end();
  },
};

await serve(createApplication({ controllers: [], definitions: [logger] }));
