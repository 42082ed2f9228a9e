"""The backup on disk: plain files and a catalog, kept true to each other. Knows nothing of phones.

May be imported by engine and cli.
"""
