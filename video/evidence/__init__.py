"""Evidence of what cameras noticed: a snapshot and a clip an episode, on disk until the hub has them."""
