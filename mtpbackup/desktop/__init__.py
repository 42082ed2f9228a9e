"""The desktop around us: file managers that hold phones, notifications, keeping the computer awake.

May be imported by `engine` and the front doors. Knows facts only: sentences are handed in.
Whatever is not there (no session bus, no file manager) is passed over: a backup needs none of it.
"""
