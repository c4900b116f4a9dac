"""A tiny service on the chassis: notes that partners write, with a route for each habit of the HTTP layer."""

import asyncio
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from fastapi import FastAPI, Response
from pydantic import BaseModel, Field

from shared.chassis.database import NAMING, Database
from shared.chassis.database.rows import Row
from shared.chassis.errors import NotFound, Refused
from shared.chassis.http import IfMatch, Page, PageQuery, Principal, Router, Uow, etag, make_app, problem, public, requires
from shared.chassis.identity import Verifier
from shared.chassis.ids import new_id
from shared.chassis.settings import ServiceSettings

metadata = sa.MetaData(naming_convention=NAMING)
notes = sa.Table(
    "notes",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("partner_id", sa.Uuid, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
)
router = Router(prefix="/v1/notes", tags=["notes"])
gates: dict[str, asyncio.Event] = {}
Reader = Annotated[Principal, requires("deals:read")]
Writer = Annotated[Principal, requires("deals:write")]


class NewNote(BaseModel):
    text: str = Field(max_length=10_000)


class Note(BaseModel):
    id: UUID
    text: str


class NoteRefused(Refused):
    code = "note_refused"
    sentence = "The note says {word}."


def view(row: Row) -> Note:
    return Note(id=row.id, text=row.text)


@router.post("", status_code=201)
async def write(body: NewNote, uow: Uow, actor: Writer) -> Note:
    note = Note(id=new_id(), text=body.text)
    await uow.execute(sa.insert(notes).values(id=note.id, partner_id=actor.partner_id or new_id(), text=note.text))
    if gate := gates.get(body.text):
        await gate.wait()
    if body.text == "raise":
        raise NoteRefused(word="raise")
    if body.text == "return":
        return problem(NoteRefused(word="return"))
    if body.text == "secret":
        shown = Response("s3cret")
        shown.kept = Response("hidden")  # type: ignore[attr-defined]
        return shown  # type: ignore[return-value]
    if body.text == "bug":
        raise ZeroDivisionError
    return note


@router.get("")
async def read_all(uow: Uow, actor: Reader, paging: PageQuery) -> Page[Note]:
    statement = sa.select(notes).order_by(notes.c.id).limit(paging.limit + 1)
    if after := paging.after(UUID):
        statement = statement.where(notes.c.id > after[0])
    rows = (await uow.execute(statement)).all()
    return paging.page(rows, view=view, key=lambda row: (row.id,))


@router.get("/open")
@public
async def anyone(uow: Uow) -> int:
    return (await uow.execute(sa.select(sa.func.count()).select_from(notes))).scalar_one()


@router.get("/{note_id}")
async def read(note_id: UUID, uow: Uow, actor: Reader, response: Response) -> Note:
    row = (await uow.execute(sa.select(notes).where(notes.c.id == note_id))).one_or_none()
    if row is None:
        raise NotFound(what="note")
    etag(response, row.version)
    return view(row)


@router.put("/{note_id}")
async def rewrite(note_id: UUID, body: NewNote, uow: Uow, actor: Writer, if_match: IfMatch) -> Note:
    row = (await uow.execute(sa.select(notes).where(notes.c.id == note_id).with_for_update())).one_or_none()
    if row is None:
        raise NotFound(what="note")
    if_match.expects(row.version)
    await uow.execute(sa.update(notes).where(notes.c.id == note_id).values(text=body.text, version=row.version + 1))
    return Note(id=note_id, text=body.text)


@router.post("/deadlock/{first}/{second}")
async def deadlock(first: UUID, second: UUID, uow: Uow, actor: Writer) -> str:
    for note_id in (first, second):
        await uow.execute(sa.update(notes).where(notes.c.id == note_id).values(version=notes.c.version + 1))
        await asyncio.sleep(0.1)
    return "done"


def build(database: Database, verifier: Verifier, settings: ServiceSettings) -> FastAPI:
    return make_app(name="notes", title="Notes", routers=[router], database=lambda: database, settings=settings, verifier=verifier)
