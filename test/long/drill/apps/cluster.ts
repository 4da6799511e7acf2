// The rolling restart that is usual with node:cluster: on SIGHUP a new worker listens before an old one ends.
import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";

const [, , main, count] = process.argv;
cluster.setupPrimary({ exec: main! });

async function start(): Promise<Worker> {
  const worker = cluster.fork();
  await once(worker, "listening");
  return worker;
}

let workers = await Promise.all(Array.from({ length: Number(count) }, start));
let reloading = Promise.resolve();

async function reload(): Promise<void> {
  const old = workers;
  workers = [];
  for (const worker of old) {
    workers.push(await start());
    worker.process.kill("SIGTERM");
  }
}

process.on("SIGHUP", () => {
  reloading = reloading.then(reload);
});
process.on("SIGTERM", () => {
  for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill("SIGTERM");
  process.exitCode = 0;
});
