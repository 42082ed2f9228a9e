"""mtpbackup: every photo and video of a phone on this computer, proven to be there.

The map of the package stands in the README. Two legs and a bridge: `phone` (above `session`, `transport` and
`wire`) knows nothing of disks, `archive` knows nothing of phones, and only `engine` stands on both.
"""

__version__ = "0.1.0"
