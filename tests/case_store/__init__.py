"""Tests of the SQL case store."""
