"""The cast in an empty database for every test."""

from tests.cast import cast, database, database_url, opened, shared_postgres, shared_sqlite

__all__ = ["cast", "database", "database_url", "opened", "shared_postgres", "shared_sqlite"]
