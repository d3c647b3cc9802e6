#!/bin/sh
# Ensures the namespace, how long it keeps closed histories, and the search attributes of a request.
# Without the attributes every workflow task that sets one would fail for ever, so worker and API start after this.
set -eu

until temporal operator cluster health >/dev/null 2>&1; do
  echo "Waiting for Temporal at $TEMPORAL_ADDRESS ..."
  sleep 2
done

temporal operator namespace create --retention "$NAMESPACE_RETENTION" -n "$TEMPORAL_NAMESPACE" 2>/dev/null \
  || temporal operator namespace update --retention "$NAMESPACE_RETENTION" -n "$TEMPORAL_NAMESPACE"

known() {
  temporal operator search-attribute list -n "$TEMPORAL_NAMESPACE" | grep -qw "$1"
}

ensure() {
  # A namespace made a moment ago is not known to all parts of the cluster at once.
  tries=0
  until known "$1"; do
    temporal operator search-attribute create -n "$TEMPORAL_NAMESPACE" --name "$1" --type "$2" || true
    tries=$((tries + 1))
    if [ "$tries" -ge 30 ]; then
      echo "The search attribute $1 could not be made." >&2
      exit 1
    fi
    known "$1" || sleep 2
  done
}

ensure HuyingState Keyword
ensure HuyingLevel Keyword
ensure HuyingDistrict Keyword
ensure HuyingCategory Keyword
ensure HuyingLight Keyword
ensure HuyingDueAt Datetime
echo "Namespace $TEMPORAL_NAMESPACE keeps closed histories for $NAMESPACE_RETENTION; its search attributes are there."
