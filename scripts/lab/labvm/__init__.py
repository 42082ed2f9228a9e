"""The lab on the host's side: builds the virtual machine, boots it, and plugs phones in and out.

`places` says where things are; `host`, `mirror`, `kernel`, `rootfs` and `image` build; `machine`, `qmp` and
`desk` run. Standard library only: the lab has to start on a computer where nothing is set up yet.
"""
