"""Identifiers are those of the standard, made quicker."""

import copy
import pickle
import uuid

import pytest
from asyncpg.pgproto import pgproto

from shared.chassis.ids import derived_id, new_id, new_id_text
from shared.schemas.base import text_of

NAMESPACE = uuid.UUID("6f1c0a52-58a5-5c0e-9d3e-0f5f1c1f7a11")


def test_derived_id_when_made_then_it_is_the_standards_for_the_joined_parts() -> None:
    assert derived_id("entry", 7, NAMESPACE) == uuid.uuid5(NAMESPACE, f"entry\x1f7\x1f{NAMESPACE}")


def test_ids_when_made_then_they_are_whole_objects_of_the_standard_library() -> None:
    for made in (derived_id("entry"), new_id()):
        assert type(made) is uuid.UUID
        assert (made, hash(made), repr(made), made.is_safe) == (again := uuid.UUID(str(made)), hash(again), repr(again), again.is_safe)
        assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == made


def test_new_ids_when_made_one_after_the_other_then_they_sort_by_time_and_are_of_version_7() -> None:
    ids = [uuid.UUID(new_id_text()) if number % 2 else new_id() for number in range(100)]
    assert {each.version for each in ids} == {7}
    assert len(set(ids)) == 100


@pytest.mark.parametrize("number", [0, 1, 2**128 - 1, NAMESPACE.int])
def test_text_of_when_of_an_id_then_what_python_writes_whoever_made_the_id(number: int) -> None:
    made = uuid.UUID(int=number)
    assert text_of(made) == text_of(pgproto.UUID(str(made))) == text_of(str(made)) == str(made)
