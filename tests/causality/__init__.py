"""What a run has said by an instant, whatever comes after it, and planted faults that must show."""
