"""Claims about cases: what opens them, what moves them, and what it takes to close them."""
