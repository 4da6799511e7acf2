# Run by `npm run nginx`: the compiled application behind nginx, until Ctrl-C. Any user can run it; it writes only into run/ and dist/.
set -e
port=${PORT:-8081}
export TRICORN_LISTEN="${TRICORN_LISTEN:-127.0.0.1:9081}"
PATH="$PATH:/usr/sbin" # Debian has nginx there
command -v nginx >/dev/null || { echo "nginx is not installed; on Debian: apt-get install nginx-light" >&2; exit 1; }

# If root starts nginx, it serves as a user who may not be able to read this folder.
if [ "$(id -u)" = 0 ]; then user="--web-server-user root"; fi

tsc -p tsconfig.build.json
trap 'kill $application $nginx 2>/dev/null; wait' EXIT
trap exit INT TERM
node --enable-source-maps dist/main.js & application=$!

steps=$(tricorn config nginx dist/main.js --listen "$TRICORN_LISTEN" --bind 127.0.0.1 --port "$port" \
  --root public --state run --out run $user 2>&1) || { echo "$steps" >&2; exit 1; }
rm -f run/nginx.pid
nginx -e stderr -p run -c nginx.conf -g "daemon off;" & nginx=$!
until [ -e run/nginx.pid ] || ! kill -0 $nginx 2>/dev/null; do sleep 0.1; done

echo "nginx: http://127.0.0.1:$port, configured by run/nginx.conf"
while kill -0 $application 2>/dev/null && kill -0 $nginx 2>/dev/null; do sleep 1; done
exit 1
