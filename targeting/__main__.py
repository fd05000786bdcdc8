"""Run the command line as ``python -m targeting``."""

from targeting.cli import main

if __name__ == "__main__":
    main()
