"""Decides what to copy, copies it, and proves it: the only place that sees both the phone and the archive.

May be imported by cli.
"""
