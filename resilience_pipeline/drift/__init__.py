"""What moved between two states of the results, and what moved it."""
