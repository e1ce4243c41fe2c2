"""Puts ``tests/`` on the path, where ``workbench`` stands, from whichever folder the tests are started."""
