"""Tests: the name of each is its claim."""
