"""``python -m mmsim`` is ``mmsim``."""

from mmsim.cli import main

main()
