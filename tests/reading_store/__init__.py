"""The reading stores: one contract, two implementations."""
