"""Tells others what happens to cases: each channel at its own pace, in order within a case."""
