"""Tries rules on what was recorded: the production engine and desk on a virtual clock."""
