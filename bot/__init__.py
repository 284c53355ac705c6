"""Starts and joins everything; the only folder that knows all the others."""
