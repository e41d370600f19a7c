"""`python -m podrunner` is the command `podrunner`."""

from podrunner.cli.main import main

main()
