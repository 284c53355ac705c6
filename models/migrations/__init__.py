"""The history of the schema, by alembic."""
