"""The process of a group of cameras: what breaks here costs these cameras and nothing else."""
