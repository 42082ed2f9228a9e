"""Says what PTP/MTP bytes mean, in both directions, without any input or output.

No clock, file or socket is known here. Both the session (initiator) and the virtual phone (responder) stand on it.

May be imported by session, phone and virtual.
"""
