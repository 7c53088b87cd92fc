"""The compiled event loop: one kernel file an idea. Definitions of every amount are in docs/accounting.md."""
