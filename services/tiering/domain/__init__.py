"""The pure rules of tiering: scores, ranks and moves between tiers."""
