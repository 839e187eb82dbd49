"""Pictures and clips of cameras at the hub: received piece by piece, kept by rule, shown by purpose."""
