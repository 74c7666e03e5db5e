"""Ask a service whether it is well: for health checks in images that have no curl.

In: an address. Out: exit code 0 when it answers with success within five seconds.
"""

import sys
from urllib.error import URLError
from urllib.request import urlopen


def main() -> int:
    """Return 0 where the address in the first argument answers."""
    try:
        with urlopen(sys.argv[1], timeout=5):  # noqa: S310  # the address is the compose file's
            return 0
    except (URLError, TimeoutError) as error:
        sys.stderr.write(f"{sys.argv[1]}: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
