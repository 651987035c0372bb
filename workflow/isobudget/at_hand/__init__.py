"""Tests at hand: examples in prompts, asserts that models wrote, and cases read from either."""
