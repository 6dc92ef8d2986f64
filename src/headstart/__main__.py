"""``python -m headstart``: the same as the command ``headstart``; what ``torchrun -m headstart`` starts."""

from headstart.cli.main import main

if __name__ == "__main__":
    main()
