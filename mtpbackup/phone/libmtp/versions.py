"""The versions of libmtp whose structures are known here."""

from typing import Final

#: Debian 12's, and those after it. Their public structures are the same; others are not read.
SUPPORTED: Final = ("1.1.20", "1.1.21", "1.1.22")
