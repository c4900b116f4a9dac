"""Every test belongs to the tier of its folder; servers come from the chassis's plugin."""

from pathlib import Path

import pytest

pytest_plugins = ["shared.chassis.testing.plugin"]

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its tier, and run the quick tiers first."""
    order = ["unit", "property", "architecture", "contract", "integration", "e2e", "chaos"]
    for item in items:
        tier = item.path.relative_to(_HERE).parts[0]
        item.add_marker(getattr(pytest.mark, tier))
    items.sort(key=lambda item: order.index(item.path.relative_to(_HERE).parts[0]))
