"""Stands in for Colab's own package, which Colab's kernel has imported before the first cell runs."""
