"""A whole site in one process under a virtual clock: the real parts, a seeded life, and faults (确定性仿真)."""
