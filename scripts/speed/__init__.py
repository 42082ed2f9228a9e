"""What `scripts/bench` is made of: the model in virtual time, and the measurements in the virtual machine."""
