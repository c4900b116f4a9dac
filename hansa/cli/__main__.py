"""`python -m hansa.cli`, which bin/hansa runs."""

from hansa.cli.main import main

main()
