"""The default programme is what the services read: no key that is ignored in silence, and the seed figures of the domain."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hansa import programme
from hansa.catalogue import SERVICES

TEXT = (Path(__file__).parents[2] / "programme.yaml").read_text()
PROGRAMME: dict[str, Any] = yaml.safe_load(TEXT)
MODELS = programme.models()


def planned(section: str) -> set[str]:
    """The keys of a section that are marked as having no effect yet."""
    _, _, rest = TEXT.partition(f"\n{section}:\n")
    own = re.split(r"^\w", rest, maxsplit=1, flags=re.MULTILINE)[0]
    return set(re.findall(r"^  (\w+):.*# \[planned\]", own, re.MULTILINE))


def test_programme_when_read_then_it_has_a_section_for_each_service() -> None:
    assert set(PROGRAMME) == {"effective_from", *SERVICES}


@pytest.mark.parametrize("section", MODELS)
def test_section_when_read_by_its_service_then_it_is_accepted(section: str) -> None:
    assert MODELS[section].model_validate(PROGRAMME[section])


@pytest.mark.parametrize("section", SERVICES)
def test_key_when_no_service_reads_it_then_it_is_marked_as_planned(section: str) -> None:
    read = {field.alias or name for name, field in MODELS[section].model_fields.items()} if section in MODELS else set()
    assert set(PROGRAMME[section]) - read == planned(section)


def test_money_and_rates_when_written_then_they_are_text() -> None:
    def floats(value: object) -> list[float]:
        if isinstance(value, float):
            return [value]
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return [found for part in inner for found in floats(part)]

    assert floats(PROGRAMME) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: [", "cannot be read: line 1"),
        ("- a", "effective_from"),
        (TEXT.replace("2000-01-01T00:00:00Z", "soon"), "effective_from"),
        (TEXT.replace("\ntiering:", "\ntiers:"), "has no section tiering"),
        (TEXT.replace("protection_days: 30", "protection_days: thirty"), "registration: protection_days: "),
    ],
)
def test_programme_when_it_cannot_be_used_then_the_place_is_told(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "programme.yaml"
    path.write_text(text)
    with pytest.raises(programme.ProgrammeInvalid, match=fault):
        programme.check(path)


def test_programme_when_it_is_missing_then_that_is_told(tmp_path: Path) -> None:
    with pytest.raises(programme.ProgrammeInvalid, match="cannot be read: No such file"):
        programme.check(tmp_path / "programme.yaml")
