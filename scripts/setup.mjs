// Installs the programs that the tests run Tricorn behind: Web servers, a browser and FastCGI tools. Does nothing
// where they are there already. Uses nothing but Node's own modules.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "./lock.mjs";

/**
 * The one list of what the tests need from the system: the Debian package, and the file by which it is found. A name
 * without a slash is a program on the path.
 */
const requirements = [
  { package: "apache2-bin", file: "apache2" }, // the server without its service; has mod_proxy_fcgi and mod_authnz_fcgi
  { package: "apache2-utils", file: "ab" },
  { package: "caddy", file: "caddy" },
  { package: "chromium", file: "chromium" },
  { package: "curl", file: "curl" },
  { package: "default-jre-headless", file: "java" }, // for Jetty
  { package: "h2o", file: "h2o" },
  { package: "haproxy", file: "haproxy" },
  { package: "libapache2-mod-fcgid", file: "/usr/lib/apache2/modules/mod_fcgid.so" },
  { package: "libfcgi-bin", file: "cgi-fcgi" },
  { package: "libjetty9-extra-java", file: "/usr/share/java/jetty9-fcgi-server.jar" },
  { package: "libjetty9-java", file: "/usr/share/java/jetty9-server.jar" },
  { package: "libnet-fastcgi-perl", file: "/usr/share/perl5/Net/FastCGI.pm" },
  { package: "lighttpd", file: "lighttpd" },
  { package: "multiwatch", file: "multiwatch" },
  { package: "nginx", file: "nginx" },
  { package: "spawn-fcgi", file: "spawn-fcgi" },
  { package: "util-linux", file: "setpriv" }, // so that no server outlives the tests
  { package: "systemd", file: "systemd-socket-activate" }, // the program; nothing is booted with it
];

/** Runs as root with the packages as arguments. */
const script = `
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

# The tests start every server themselves. An answer of 101 keeps the packages from starting theirs.
if [ ! -e /usr/sbin/policy-rc.d ]; then
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
fi

# One broken source is no reason to stop: the packages may come from another one, or be in the cache.
apt-get update -q -o Acquire::Retries=3 || echo "apt-get update failed" >&2
apt-get install -y -q --no-install-recommends -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 "$@"

# Nor shall they start at the next boot.
if [ -d /run/systemd/system ]; then
  for package in "$@"; do systemctl disable "$package" 2>&1 || true; done
fi
`;

if (missing().length > 0) await withLock("apt", installMissing);

function installMissing() {
  const packages = missing();
  if (packages.length === 0) return; // by the process that held the lock before
  if (!isProgram("apt-get")) fail(packages, "this is no Debian system (there is no apt-get)");
  const asRoot = rootCommand();
  if (!asRoot) fail(packages, "this user is not root and sudo asks for a password");

  console.log(`Installing Debian packages for the tests: ${packages.join(" ")} ...`);
  const started = Date.now();
  const [command = "sh", ...args] = [...asRoot, "sh", "-c", script, "sh", ...packages];
  const result = spawnSync(command, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  if (result.status !== 0) {
    console.error(`${result.stdout}${result.stderr}`);
    fail(packages, `apt-get ended with ${result.signal ?? `exit code ${result.status}`}`);
  }
  const absent = missing();
  if (absent.length > 0)
    fail(absent, "apt-get installed them, but their files are not where they are expected");
  console.log(`Installed Debian packages in ${Math.round((Date.now() - started) / 1000)} s`);
}

function missing() {
  return requirements.filter(({ file }) => !isProgram(file)).map((requirement) => requirement.package);
}

/** @param {string} file a path, or a name to be looked for on the path and where Debian keeps servers */
function isProgram(file) {
  if (file.includes("/")) return existsSync(file);
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  return folders.some((folder) => {
    if (folder === "") return false;
    try {
      accessSync(join(folder, file), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** @returns {string[] | undefined} what to put before a command so that root runs it */
function rootCommand() {
  if (process.getuid?.() === 0) return [];
  const canSudo = isProgram("sudo") && spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0;
  return canSudo ? ["sudo", "-n"] : undefined;
}

/**
 * @param {string[]} packages
 * @param {string} fact
 * @returns {never}
 */
function fail(packages, fact) {
  console.error(
    `Cannot install what the tests need: ${fact}.\n` +
      `Missing Debian packages: ${packages.join(" ")}\n` +
      `Install them with:       apt-get install --no-install-recommends ${packages.join(" ")}\n` +
      `Tests that need none of them run with: npx vitest run test/<folder>`,
  );
  process.exit(1);
}
