"""Claims about the simulated world, its devices, replay and capture."""
