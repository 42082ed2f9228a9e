"""Moving bytes to and from one USB interface.

A transport never looks inside what it moves; what bytes mean is said in `mtpbackup.wire`. `base` is the whole
outside world of the layers above: everything they can do to a phone is a method there.

May be imported by session, virtual and cli.
"""
