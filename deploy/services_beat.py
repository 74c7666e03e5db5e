"""Ask Redis whether the background services of this machine are alive: they listen on no port.

In: Prefect's settings from the environment. Out: exit code 0 when a worker of the services'
docket that started on this host has sent its heartbeat within the last seconds.
"""

import asyncio
import os
import socket
import sys

from docket import Docket

# Not a setting in Prefect 3.8: the API's own docket has another name, its workers do not count.
DOCKET = "prefect"


async def main() -> int:
    """Return 0 where the services on this host are alive."""
    async with Docket(name=DOCKET, url=os.environ["PREFECT_SERVER_DOCKET_URL"]) as docket:
        workers = await docket.workers()
    if any(worker.name.startswith(f"{socket.gethostname()}#") for worker in workers):
        return 0
    sys.stderr.write(
        f"no heartbeat from this host's services; alive: {[worker.name for worker in workers]}\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
