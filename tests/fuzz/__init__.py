"""Random and mutated input: only the errors we name may come out."""
