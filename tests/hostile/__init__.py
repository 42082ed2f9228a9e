"""Hostile phones, met by the whole program: what a person is told, and that nothing but that happens."""
