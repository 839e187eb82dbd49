"""Clips with their truth, one module for each subject; each exports `trials()`."""
