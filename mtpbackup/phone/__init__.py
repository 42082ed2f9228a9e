"""A phone as a person sees it: storages, folders, items and their content.

May be imported by engine and cli.
"""
