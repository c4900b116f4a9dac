"""Tiering: ranks partners by score and moves them between tiers."""
