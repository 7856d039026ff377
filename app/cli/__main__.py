"""Runs the command line as `python -m app.cli`; owns nothing else."""

from app.cli import main

main()
