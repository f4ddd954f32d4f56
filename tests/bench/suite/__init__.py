"""The parts of tests/bench/bench."""

import os
import sys

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../.."))
sys.path.insert(0, os.path.join(TOP, "contrib/dev/lib"))


class BenchError(Exception):
    """Why something could not be measured."""
