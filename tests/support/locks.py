"""The locks of Python packages, read for comparison."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def pins(lock: str) -> dict[str, tuple[str, frozenset[str]]]:
    """By normalised name: the pin with its marker (`a==1 ; …`), and the hashes."""
    found = {}
    for block in re.split(r"\n(?=[A-Za-z0-9])", (ROOT / lock).read_text()):
        if "==" in (pin := block.splitlines()[0].removesuffix("\\").strip()):
            found[normal(pin.split("==")[0].split("[")[0])] = (pin, frozenset(re.findall(r"--hash=(\S+)", block)))
    return found


def normal(name: str) -> str:
    """A distribution's name as PEP 503 compares them."""
    return re.sub(r"[-_.]+", "-", name).lower()


def left_out() -> set[str]:
    """Distributions of the whole lock that the image does not get."""
    return {*pins("requirements.lock")} - {*pins("deploy/requirements.lock")}
