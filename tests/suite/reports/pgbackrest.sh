# A cluster of PostgreSQL in $2, run by the user $1 and backed up by pgBackRest; none.json and one.json are what it says
# before and after the first backup. No port is opened.
set -e
who=$1 out=$2
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
here=$(mktemp -d /tmp/probity-pgb.XXXXXX)
trap 'rm -rf "$here"' EXIT
mkdir "$here/repo" "$here/log" "$here/lock"
cat >"$here/pgb.conf" <<CONF
[global]
repo1-path=$here/repo
repo1-cipher-type=aes-256-cbc
repo1-cipher-pass=secret
repo1-retention-full=1
log-path=$here/log
lock-path=$here/lock
start-fast=y
[main]
pg1-path=$here/data
pg1-socket-path=$here
CONF
cat >"$here/run" <<RUN
set -e
cd "$here"
$bin/initdb -D data -A trust >/dev/null
cat >>data/postgresql.conf <<CONF
listen_addresses = ''
unix_socket_directories = '$here'
archive_mode = on
archive_command = 'pgbackrest --config=$here/pgb.conf --stanza=main archive-push %p'
CONF
$bin/pg_ctl -D data -w -l log/server start >/dev/null
trap '$bin/pg_ctl -D data -m fast stop >/dev/null' EXIT
back="pgbackrest --config=$here/pgb.conf --stanza=main"
\$back stanza-create
\$back info --output=json >none.json
\$back --type=full backup
\$back info --output=json >one.json
RUN
if [ "$(id -un)" = "$who" ]; then
  bash "$here/run"
else
  chown -R "$who" "$here"
  runuser -u "$who" -- bash "$here/run"
fi
cp "$here/none.json" "$here/one.json" "$out/"
