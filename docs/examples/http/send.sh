#!/usr/bin/env bash
# Opportunities over HTTP with curl: many as lines, one alone, what was refused, and its correction.
#   api=http://127.0.0.1:8080/registration token=$(bin/hansa token --role connector) partner=<id> docs/examples/http/send.sh
set -euo pipefail
here=$(dirname "$0")
call() { curl -sS --fail-with-body -H "Authorization: Bearer $token" "$@"; echo; }
rows() { sed "s/01980a6e-3c00-7a10-8c55-6b1d0f3e9a01/$partner/" "$here/opportunities.ndjson"; }

# Many: one result a line. The third is refused (its amount is none), the others are taken in; sending it all again changes nothing.
rows | call -H "Content-Type: application/x-ndjson" --data-binary @- "$api/v1/imports"

# One alone: how it stands now. An older version changes nothing ("news": "stale").
rows | sed -n 1p | call -X PUT -H "Content-Type: application/json" --data-binary @- "$api/v1/opportunities/salesforce/0065g00000XyZ12"

# What was refused, why, and what would help.
call "$api/v1/intake/salesforce/errors"

# The same as a table. A program or a person corrects it; here, sed does.
call "$api/v1/intake/salesforce/errors/table" | sed "s/about 900/900.00/g" |
    call -H "Content-Type: text/csv" --data-binary @- "$api/v1/intake/salesforce/errors/correct"
