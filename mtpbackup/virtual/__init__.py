"""A phone made of code: answers like a real one, and misbehaves on request.

It is the other side of the wire: it shares `wire` and the transports' device side with the program, never
`session` or `phone`, so that it does not inherit our misunderstandings.

May be imported by cli (for `mtpbackup demo`) and tests.
"""
