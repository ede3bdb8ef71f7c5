"""``python -m plait`` is the command ``plait``."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
