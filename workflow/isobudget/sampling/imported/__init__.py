"""Samples that people already have: one job reads and checks a file, then blocks are cut from what it kept.

Reading is one job because a file can be gigabytes: without it every block would read the whole file again.
"""
