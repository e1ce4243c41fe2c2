"""Puts ``tests/`` on the path, where ``workbench`` stands, from whichever folder the tests are started."""

from hypothesis import settings

# No timed assertion: a machine that does other work besides must not fail a test.
settings.register_profile("settlement", deadline=None)
settings.load_profile("settlement")
