// Installs the programs that `npm run bench` compares with. The tests do not need them. If they cannot be
// installed, the benchmarks run without them and say so.
import { installDebianPackages } from "./debian-packages.mjs";

/** The one list of what the benchmarks need from the system besides Node.js. */
const requirements = [
  { package: "gcc", file: "cc" }, // compiles the load generator
  { package: "libc6-dev", file: "/usr/include/stdio.h" },
  { package: "util-linux", file: "taskset" },
  { package: "nginx", file: "nginx" },
  { package: "golang-go", file: "go" },
  { package: "php-fpm", file: "/usr/sbin/php-fpm8.2" },
  { package: "strace", file: "strace" }, // counts system calls
  { package: "libfcgi-dev", file: "/usr/include/fcgiapp.h" },
];

const { missing, fact } = await installDebianPackages(requirements, "the benchmarks");
if (missing.length > 0) {
  console.error(`Benchmarks run without these Debian packages: ${missing.join(" ")} (${fact})`);
}
