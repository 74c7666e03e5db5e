"""A flow of the pipeline's name that completes, fails or sleeps: for tests of what a server does then."""

import sys
import time

from prefect import flow  # noqa: TID251  # it is a flow


@flow(name="pocketmoe", flow_run_name="{name}")
def tiny(name: str, seconds: float) -> str:
    """Sleep, and fail where the name says so."""
    time.sleep(seconds)
    if "fail" in name:
        raise RuntimeError("generate:ocd: 3 pairs of 20 were kept; lower `generate.min_pairs`")
    return name


if __name__ == "__main__":
    tiny(sys.argv[1], float(sys.argv[2]))
