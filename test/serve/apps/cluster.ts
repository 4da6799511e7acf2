// For the tests of node:cluster: a primary with workers that serve on one address.
import cluster from "node:cluster";
import { Get, Responder, serve } from "tricorn";

@Responder()
class Worker {
  @Get("/pid")
  pid() {
    return String(process.pid);
  }
}

const {
  CLUSTER_UMASK: umask,
  CLUSTER_MODE: mode,
  CLUSTER_GROUP: group,
  CLUSTER_WORKERS: workers = "2",
} = process.env;

if (cluster.isPrimary) {
  if (umask !== undefined) process.umask(Number.parseInt(umask, 8));
  for (let index = 0; index < Number(workers); index += 1) cluster.fork();
  cluster.on("exit", (_worker, code) => console.log(`worker ended with ${code}`));
  process.on("SIGTERM", () => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill("SIGTERM");
  });
} else {
  const socketAccess = {
    ...(mode === undefined ? {} : { mode: Number.parseInt(mode, 8) }),
    ...(group === undefined ? {} : { group: Number(group) }),
  };
  await serve([Worker], process.argv[2], { socketAccess });
  // The primary is not asked, so a worker that has stopped serving ends.
  console.log(`worker serves`);
}
