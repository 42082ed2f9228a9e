"""Puts files of a backup back: on a phone, the same or another, or into a folder of this computer.

    selection, placing, decisions   pure: what is wanted, where it goes, whether it is there
    planning, run, to_folder        the steps
    putting, sending, proving       folder by folder, file by file, and whether it arrived
    folders, source, tasks, ledger, meter, options

May be imported by cli. Decided, and why:

- **A folder is listed before and after, files are not asked for one by one.** Sending a file takes two
  transactions; asking for each would double that, and listing the folder for each would cost hours.
- **A note before, a note after.** What is noted as about to be sent under a name that was free is ours: only
  that is ever deleted, and only while it is shorter than what was to be sent.
- **The file is read twice.** Once to see that it is what was saved, once to send it; content that rotted on the
  disk must not reach the phone first and be noticed afterwards. A disk is many times faster than the cable.
- **Whole files before continued ones.** Only a file that is sent in one go keeps its date on Android. Editing
  in pieces, which can be continued, is the last of the tries for a large file.
"""

from mtpbackup.engine.restore.options import RestoreOptions
from mtpbackup.engine.restore.restore import preview_restore, restore_to_folder, run_restore
from mtpbackup.engine.restore.selection import RestoreSelection

__all__ = ["RestoreOptions", "RestoreSelection", "preview_restore", "restore_to_folder", "run_restore"]
