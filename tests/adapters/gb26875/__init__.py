"""Tests of the fire panel protocol GB/T 26875.3-2011."""
