"""Estimators that need no file: unbiased over subsets of samples, intervals over problems. A part, for two stages."""
