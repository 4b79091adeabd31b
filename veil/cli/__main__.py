"""`python -m veil.cli`: the command without its installed script."""

from veil.cli.main import main

if __name__ == "__main__":
    main()
