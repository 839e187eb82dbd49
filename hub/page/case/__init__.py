"""One case on one page: what to do now, why it is there, what shows it, and who did what."""
