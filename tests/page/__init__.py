"""The page in a real browser, over the whole product as people start it."""
