"""The parts of tests/bench/bench."""

import os

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../.."))


class BenchError(Exception):
    """Why something could not be measured."""
