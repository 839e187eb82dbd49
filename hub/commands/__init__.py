"""The command line, one file a group of commands; `hub/cli.py` mounts them."""
