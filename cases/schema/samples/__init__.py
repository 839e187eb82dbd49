"""One event of each kind, as the hub makes them."""
