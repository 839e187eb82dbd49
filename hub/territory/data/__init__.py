"""Data files of the territory that ship with smarthub; each names its source in its first line."""
