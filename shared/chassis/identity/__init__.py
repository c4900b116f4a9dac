"""Who is calling: tokens issued and verified, roles and the scopes they carry."""

from shared.chassis.identity.issuer import Issuer
from shared.chassis.identity.principal import Principal
from shared.chassis.identity.roles import ROLE_SCOPES, Role
from shared.chassis.identity.verifier import TokenInvalid, Verifier

__all__ = ["ROLE_SCOPES", "Issuer", "Principal", "Role", "TokenInvalid", "Verifier"]
