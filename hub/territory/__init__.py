"""The territory the hub answers for: registry files, the divisions of Haibowan, a made-up demo."""
