"""Whether an item stays what it is while it is read in more than one transaction.

A file that is written anew on the phone between two pieces gives the beginning of one content and the end of
another: as many bytes as were listed, and none that ever lay on the phone. Its size or its date tells.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from mtpbackup.errors import EndpointStalled, ItemUnreadable, OperationFailed, OperationUnsupported, WireError
from mtpbackup.phone.items import Item
from mtpbackup.phone.listing import true_size
from mtpbackup.session import Session, operations
from mtpbackup.wire import DataType, ObjectProperty, OperationCode, parse_date

_log = logging.getLogger(__name__)

#: Dates jump by whole quarters of an hour when a phone changes its time zone: that is no change of a file.
_ZONE_STEP: Final = timedelta(minutes=15)


class Constancy:
    """Looks at an item before it is read, and again afterwards.

    Dates are compared with each other and not with the listed one: some phones tell another date by another
    operation. What a phone does not tell is not held against it.
    """

    def __init__(self, session: Session, item: Item) -> None:
        """Looks for the first time.

        Raises:
            TransportError: the phone does not answer.
        """
        self._session = session
        self._item = item
        self._before = self._date()

    def check(self) -> None:
        """Looks again.

        Raises:
            ItemUnreadable: (CHANGED) it is not what it was.
            TransportError: the phone does not answer.
        """
        item, after = self._item, self._date()
        size = true_size(self._session, item.handle)
        dated = after is not None and self._before is not None and (after - self._before) % _ZONE_STEP
        if dated or (self._before is not None and after is None) or size not in (None, item.size):
            raise ItemUnreadable(item.shown_path, ItemUnreadable.Reason.CHANGED, item.size, size)

    def _date(self) -> datetime | None:
        """When it was changed last, as on the phone's clock; None when that is not told."""
        session, handle = self._session, self._item.handle
        try:
            if session.supports(OperationCode.GET_OBJECT_PROP_VALUE):
                code = ObjectProperty.DATE_MODIFIED
                text = operations.get_object_prop_value(session, handle, code, DataType.STR)
            else:
                text = operations.get_object_info(session, handle).date_modified
        except (OperationFailed, OperationUnsupported, WireError, EndpointStalled) as error:
            _log.info("date of %r is not told: %s", self._item.shown_path, error)
            return None
        date = parse_date(text) if isinstance(text, str) else None
        return None if date is None else date.local
