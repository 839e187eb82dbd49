"""What docker-compose starts, checked without an engine: the file itself, and the same set as processes."""
