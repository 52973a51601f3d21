"""The command line as `python -m nle_optimizer`."""

from nle_optimizer.cli.main import main

main()
