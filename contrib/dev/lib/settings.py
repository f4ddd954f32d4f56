"""The connection settings that log-courier itself reads, taken from the same environment names."""

import os


class Missing(Exception):
    """A setting that is needed is not in the environment."""


def setting(name, default=None):
    """The value of LOG_COURIER_<name>; raises Missing when there is neither value nor default."""
    value = os.environ.get("LOG_COURIER_" + name)
    if value:
        return value
    if default is None:
        raise Missing(
            f"LOG_COURIER_{name} is not set; try: "
            'eval "$(contrib/dev/stack env --dir DIR)"'
        )
    return default
