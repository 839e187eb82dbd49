"""The vocabulary every other folder speaks: Reading, Anomaly, Case, Place, topics, errors, ports."""
