"""Measuring inside the virtual machine: initiators one after the other on phones that were not written here."""
