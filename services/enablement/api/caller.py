"""What the routes take from the request besides its body: the programme, and the partner that the caller speaks for."""

from typing import Annotated

from fastapi import Depends, Request

from services.enablement.api.models import Step
from services.enablement.domain.record import PartnerId
from services.enablement.domain.refusals import PartnerMissing
from services.enablement.policy import Programme
from shared.chassis.http import Principal


async def _programme(request: Request) -> Programme:
    programme: Programme = request.app.state.programme
    return programme


InForce = Annotated[Programme, Depends(_programme)]


def partner_of(actor: Principal, body: Step) -> PartnerId:
    """A partner is bound by its token, whatever the body says; anyone else must name one. Raises PartnerMissing."""
    partner_id = actor.partner_id or body.partner_id
    if partner_id is None:
        raise PartnerMissing
    return PartnerId(partner_id)
