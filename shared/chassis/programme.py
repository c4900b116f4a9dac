"""The default partner programme (programme.yaml): what becomes version 1 of each service's policy."""

from datetime import datetime
from pathlib import Path
from typing import Any

import yaml


def section(path: str | Path, service: str) -> tuple[dict[str, Any], datetime]:
    """One service's section and the instant from which version 1 holds. Raises KeyError if there is no such section."""
    document = yaml.safe_load(Path(path).read_text())
    return document[service], datetime.fromisoformat(document["effective_from"])
