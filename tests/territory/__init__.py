"""Claims about registry files and the demo territory."""
