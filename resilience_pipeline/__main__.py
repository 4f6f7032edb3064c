"""`python -m resilience_pipeline` is the `resilience` command."""

from resilience_pipeline.start import main

main()
