"""The parts of a scenario: every key, its default, what it means and what may stand there."""
