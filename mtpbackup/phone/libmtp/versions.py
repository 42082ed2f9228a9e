"""The versions of libmtp whose structures are known here."""

from typing import Final

#: Debian 12's, and those after it. The tests ran with the first and the last; between these two the public
#: structures did not change. Others are not read.
SUPPORTED: Final = ("1.1.20", "1.1.21", "1.1.22")
