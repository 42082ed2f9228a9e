"""Tests about the repository itself: what it ships, what its documents promise, what its scripts do."""
