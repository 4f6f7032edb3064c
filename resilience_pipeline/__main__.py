"""`python -m resilience_pipeline` is the `resilience` command."""

from resilience_pipeline.cli import main

main()
