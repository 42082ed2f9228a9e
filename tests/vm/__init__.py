"""End-to-end tests that run inside the lab's virtual machine, as root; the program runs as an ordinary user.

Started by `scripts/lab/run-tests`; left out of a plain pytest run.
"""
