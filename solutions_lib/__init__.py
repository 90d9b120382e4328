"""Helpers for the worked solutions: the given data and models, exact references, loops and plots.

Import by full name, e.g. ``from solutions_lib.mixture import five_gaussians``.
"""
