// Installs the programs that the tests need: Web servers, a browser and FastCGI tools. Does nothing
// if they are installed. Uses only Node's own modules.
import { installDebianPackages } from "./debian-packages.mjs";

/**
 * The one list of system requirements of the tests: the Debian package, and the file that shows it is installed. A name
 * without a slash is a program on the path.
 */
const requirements = [
  { package: "apache2", file: "/etc/apache2/sites-available/000-default.conf" }, // Debian's configuration of it, for sites that exist
  { package: "apache2-bin", file: "apache2" }, // the server; has mod_proxy_fcgi and mod_authnz_fcgi
  { package: "apache2-utils", file: "ab" },
  { package: "caddy", file: "caddy" },
  { package: "chromium", file: "chromium" },
  { package: "curl", file: "curl" },
  { package: "default-jre-headless", file: "java" }, // for Jetty
  { package: "h2o", file: "h2o" },
  { package: "haproxy", file: "haproxy" },
  { package: "libapache2-mod-fcgid", file: "/usr/lib/apache2/modules/mod_fcgid.so" },
  { package: "libapache2-mod-xsendfile", file: "/usr/lib/apache2/modules/mod_xsendfile.so" },
  { package: "libfcgi-bin", file: "cgi-fcgi" },
  { package: "libfcgi-perl", file: "/usr/share/doc/libfcgi-perl/copyright" },
  { package: "libjetty9-extra-java", file: "/usr/share/java/jetty9-fcgi-server.jar" },
  { package: "libjetty9-java", file: "/usr/share/java/jetty9-server.jar" },
  { package: "libnet-fastcgi-perl", file: "/usr/share/perl5/Net/FastCGI.pm" },
  { package: "lighttpd", file: "lighttpd" },
  { package: "lighttpd-mod-openssl", file: "/usr/lib/lighttpd/mod_openssl.so" },
  { package: "multiwatch", file: "multiwatch" },
  { package: "nginx", file: "nginx" },
  { package: "openssl", file: "openssl" },
  { package: "php-fpm", file: "php-fpm8.2" },
  { package: "prometheus", file: "promtool" }, // reads the metrics as Prometheus does
  { package: "spawn-fcgi", file: "spawn-fcgi" },
  { package: "util-linux", file: "setpriv" }, // so that no server outlives the tests
  { package: "systemd", file: "systemd-socket-activate" }, // only the program; nothing is booted with it
];

const { missing, fact } = await installDebianPackages(requirements, "the tests");
if (missing.length > 0) {
  console.error(
    `Cannot install what the tests need: ${fact}.\n` +
      `Missing Debian packages: ${missing.join(" ")}\n` +
      `Install them with:       apt-get install --no-install-recommends ${missing.join(" ")}\n` +
      `Tests that need none of them run with: npx vitest run test/<folder>`,
  );
  process.exit(1);
}
