"""One file per version of the case database, oldest first."""
