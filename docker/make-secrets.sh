#!/bin/sh
# Makes the secrets of one installation, each in a file of its own: docker/make-secrets.sh FOLDER
# ALERT_PAGE_URL and ALERT_TICKET_URL name the web hooks that alerts go to. Files that are there are kept.
# REHEARSAL=1 connects the simulated partners (profile `rehearsal`); without it no partner is connected at first.
#
# The folder is closed to everybody but its owner, and that is what guards the files on the host; the files themselves
# are readable, since a container sees them under their numbers and its users are not the host's.
set -eu

folder=${1:?Say in which folder: docker/make-secrets.sh FOLDER}
: "${ALERT_PAGE_URL:?Set ALERT_PAGE_URL to the web hook that wakes somebody}"
: "${ALERT_TICKET_URL:?Set ALERT_TICKET_URL to the web hook that makes a ticket}"

umask 077
mkdir -p "$folder"
chmod 0700 "$folder"

random() { od -An -N "$1" -t x1 /dev/urandom | tr -d ' \n'; }

keep() {
  if [ -e "$folder/$1" ]; then
    echo "kept  $1"
    return
  fi
  printf '%s' "$2" > "$folder/$1"
  chmod 0444 "$folder/$1"
  echo "made  $1"
}

keep postgres_password "$(random 24)"
keep huying_database_password "$(random 24)"
keep temporal_database_password "$(random 24)"
keep huying_database_url "postgresql+psycopg://huying:$(cat "$folder/huying_database_password")@postgres:5432/huying"
keep huying_identity_key "$(head -c 32 /dev/urandom | base64 | tr -d '\n')"
keep prometheus_api_key "$(random 32)"
keep huying_api_keys "{\"operator\": \"$(random 32)\", \"unit\": \"$(random 32)\", \"auditor\": \"$(random 32)\", \"sre\": \"$(random 32)\", \"sre_2\": \"$(cat "$folder/prometheus_api_key")\"}"

secret() { printf 'whsec_%s' "$(head -c 32 /dev/urandom | base64 | tr -d '\n')"; }
simulated() { printf '"%s": {"port": %s, "token": "%s", "callback_secret": "%s"}' "$1" "$2" "$(random 32)" "$(secret)"; }
# What the simulators know themselves by is turned into what the service must know to speak with them.
connected() {
  sed -E 's|"port": ([0-9]+), "token": ("[^"]+"), "callback_secret": ("[^"]+")|"url": "http://partners:\1", "plain_http": true, "token": \2, "callback_secrets": [\3]|g' \
    "$folder/huying_simulators_partners"
}
keep huying_simulators_partners "{$(simulated enforcement 8080), $(simulated affairs 8081), $(simulated volunteers 8082)}"
if [ -n "${REHEARSAL:-}" ]; then keep huying_partners "$(connected)"; else keep huying_partners '{}'; fi

keep alert_page_url "$ALERT_PAGE_URL"
keep alert_ticket_url "$ALERT_TICKET_URL"
echo "Keep a copy of huying_identity_key apart from the database's backups: without it no caller can be named again."
