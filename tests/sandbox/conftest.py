"""The folder of two toy problems in which a test runs stages."""

from helpers.toy_study import study

__all__ = ["study"]
