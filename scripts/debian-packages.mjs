// Installs missing Debian packages. Uses only Node's own modules.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "./lock.mjs";

/**
 * @typedef {object} Requirement
 * @property {string} package the Debian package
 * @property {string} file the file that shows it is installed; a name without a slash is a program on the path
 */

/** Runs as root with the packages as arguments. */
const script = `
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

# Tests and benchmarks start every server themselves. An answer of 101 keeps the packages from starting theirs.
if [ ! -e /usr/sbin/policy-rc.d ]; then
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
fi

# A broken source does not stop it: the packages may come from another one, or be cached.
apt-get update -q -o Acquire::Retries=3 || echo "apt-get update failed" >&2
apt-get install -y -q --no-install-recommends -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 "$@"

# Nor shall they start at the next boot.
if [ -d /run/systemd/system ]; then
  for package in "$@"; do systemctl disable "$package" 2>&1 || true; done
fi
`;

/**
 * Installs missing packages if this user may. Does nothing if all are installed.
 *
 * @param {readonly Requirement[]} requirements
 * @param {string} whom what needs them, as shown to the user: "the tests"
 * @returns {Promise<{ missing: string[], fact: string }>} the packages that are still missing, and why
 */
export async function installDebianPackages(requirements, whom) {
  let fact = "";
  if (missingOf(requirements).length > 0) {
    await withLock("apt", () => {
      fact = install(missingOf(requirements), whom);
    });
  }
  return { missing: missingOf(requirements), fact };
}

/**
 * @param {string[]} packages the missing ones; none if the previous holder of the lock installed them
 * @param {string} whom
 * @returns {string} why they are not installed, if they are still missing
 */
function install(packages, whom) {
  if (packages.length === 0) return "";
  if (!isProgram("apt-get")) return "this is not a Debian system (apt-get is missing)";
  const asRoot = rootCommand();
  if (!asRoot) return "this user is not root and sudo asks for a password";

  console.log(`Installing Debian packages for ${whom}: ${packages.join(" ")} ...`);
  const started = Date.now();
  const [command = "sh", ...args] = [...asRoot, "sh", "-c", script, "sh", ...packages];
  const result = spawnSync(command, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  if (result.status !== 0) {
    console.error(`${result.stdout}${result.stderr}`);
    return `apt-get ended with ${result.signal ?? `exit code ${result.status}`}`;
  }
  console.log(`Installed Debian packages in ${Math.round((Date.now() - started) / 1000)} s`);
  return "apt-get installed them, but their files are not where they are expected";
}

/** @param {readonly Requirement[]} requirements */
function missingOf(requirements) {
  return requirements.filter(({ file }) => !isProgram(file)).map((requirement) => requirement.package);
}

/**
 * Whether a program or file exists.
 *
 * @param {string} file a path, or a name to look up in PATH and in Debian's folders of servers
 */
export function isProgram(file) {
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
