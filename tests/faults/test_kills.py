"""kill -9 of the flow, of a stage and of the server, at random moments: going on leads to the same bytes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from faulty import ONE, TWO, Home, Run
from moments import Moment, Undisturbed

BRANCH = ("finetune:ocd", "merge:ocd", "heal:ocd", "convert:ocd", "chain:ocd", "evaluate")
CHAINS = 4
STRIKES = 5
"""So many times one run is killed and gone on with, at later and later moments; 20 moments a victim."""


def kill_flow(run: Run) -> bool:
    run.kill()
    return True


def kill_child(run: Run) -> bool:
    """Kill a stage's process; the run names what it was doing, and how to go on."""
    if not run.until(run.child):
        return False
    child = run.child()
    assert child is not None
    child.kill()
    assert run.ended().code == 1, run.text()
    assert run.says(r"^(error: )?[a-z:]+: tasks\.[a-z.]+: its process was ended by SIGKILL"), run.text()
    assert run.says(r"again: pocketmoe retry \S+")
    return True


def kill_server(run: Run) -> bool:
    """Kill the Prefect server; the run completes, or fails with a message."""
    if not run.until(run.server):
        return False
    server = run.server()
    assert server is not None
    server.kill()
    run.ended()
    assert run.code == 0 or run.says("error: .*no longer answers"), run.text()
    return True


VICTIMS = {"flow": kill_flow, "child": kill_child, "server": kill_server}


@pytest.mark.integration
@pytest.mark.parametrize("victim", ["flow", "child", pytest.param("server", marks=pytest.mark.faults)])
def test_a_kill_amid_a_branch_costs_nothing_but_time(
    finished: Home, copied: Home, alone: Callable[[Home], Home], victim: str
) -> None:
    copied.forget(*BRANCH)
    home = alone(copied) if victim == "server" else copied
    run = home.start("run", TWO)
    assert Moment("finetune:ocd", "running", 1.0).reached(run)
    assert VICTIMS[victim](run)
    home.finish(TWO)
    assert home.results() == finished.results()
    assert home.leftovers() == []


@pytest.mark.faults
@pytest.mark.parametrize("chain", range(CHAINS))
@pytest.mark.parametrize("victim", VICTIMS)
def test_kills_at_random_moments_cost_nothing_but_time(
    one: Undisturbed,
    fresh: Home,
    alone: Callable[[Home], Home],
    victim: str,
    chain: int,
    record_property: Callable[[str, object], None],
) -> None:
    home = alone(fresh) if victim == "server" else fresh
    moments = one.moments(CHAINS * STRIKES, seed=sorted(VICTIMS).index(victim))[chain::CHAINS]
    for moment in moments:
        struck = strike(home, moment, victim)
        record_property(str(moment), "struck" if struck else "the run had ended")
    home.finish(ONE)
    assert home.results() == one.results
    assert home.leftovers() == []


def strike(home: Home, moment: Moment, victim: str) -> bool:
    """Start the run, or go on with it, and kill the victim at the moment; tell whether there was one."""
    newest: Path | None = home.newest()
    run = home.start("retry", newest.name, "--yes") if newest else home.start("run", ONE)
    if moment.reached(run) and VICTIMS[victim](run):
        return True
    run.ended()
    return False
