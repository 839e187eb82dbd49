"""Tests of the rules: tables, stories, and properties under disorder, restart and jumping clocks."""
