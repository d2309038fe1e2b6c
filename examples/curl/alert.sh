#!/usr/bin/env bash
# Prints a line for each time that a probe of a network loses its connection:
#   GATEWAY=http://localhost:8080 TOKEN=… ./alert.sh ASN
# It needs curl 7.84 or later, and jq.
set -uo pipefail

query="stream_type=probestatus&equalsTo.asn=${1:?"Usage: $0 ASN"}&equalsTo.event=disconnect&client=example-alert"
cursor='' pause=1

# stream prints each event as three fields: its name, its text, its cursor; at the end, the status and Retry-After.
# A client that sends its cursor as Last-Event-ID continues there. If the cursor has expired, it is told so and starts over.
stream() {
  curl --silent --show-error --no-buffer --config <(echo "${TOKEN:+header = \"Authorization: Bearer $TOKEN\"}") \
    --header "Last-Event-ID: $cursor" --write-out '\n["end","%{http_code}","%header{retry-after}"]\n' \
    "${GATEWAY:-http://localhost:8080}/stream/?$query&cursor=" |
    jq --raw-input --raw-output --unbuffered '
      fromjson? | arrays
      | [.[0], (.[1] | if type == "object" and has("prb_id") then "\(.timestamp | todate) probe \(.prb_id) of AS\(.asn) is away" else tostring end), .[2]]
      | @tsv'
}

while true; do
  status='' retry=''
  while IFS=$'\t' read -r event text cursor_or_retry; do
    case $event in
      atlas_subscribed) echo "watching" >&2; cursor=$cursor_or_retry pause=1 ;;
      atlas_probestatus) echo "$text"; cursor=$cursor_or_retry ;;
      atlas_cursor) cursor=$text ;; # nothing has matched for a while
      atlas_error) echo "$text" >&2 ;; # [gap] and [cursor_gone] say what is missing
      end) status=$text retry=$cursor_or_retry ;;
    esac
  done < <(stream)
  case $status in 4*) [ "$status" = 429 ] || exit 1 ;; esac # a retry would fail too
  sleep "${retry:-$pause}"
  pause=$((pause < 30 ? 2 * pause : 60))
done
