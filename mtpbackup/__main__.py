"""`python -m mtpbackup`."""

from mtpbackup.cli.main import main

main()
