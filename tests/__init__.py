"""Sentences about the village, each one a test."""
