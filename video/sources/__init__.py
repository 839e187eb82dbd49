"""Opens what pictures come from: cameras, files, folders."""
