"""isobudget: a large code model once, or a small one many times, at the same budget."""

__version__ = "0.1.0"
