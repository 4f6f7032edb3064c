"""What is well with a project and what is not: one module for each area, each yielding findings and mending nothing."""
