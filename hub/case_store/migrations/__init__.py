"""How the case database grows from version to version; Alembic runs these at start."""
