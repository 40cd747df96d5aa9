"""The floating address is where HAProxy serves, and moves no more than it has to."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ansible_collections.groundcrew.fleet.molecule.load_balancer.tests.world import Balancer, ask, until

ADDRESS = "10.89.168.100"
PLAIN = 8080


def holders(balancers: dict[str, Balancer]) -> list[str]:
    return [one.name for one in balancers.values() if one.host.check_output(f"ip -o address show to {ADDRESS}")]


def holder(balancers: dict[str, Balancer]) -> tuple[Balancer, Balancer]:
    """The one that holds it and the other."""
    assert until(lambda: len(holders(balancers)) == 1), holders(balancers)
    (name,) = holders(balancers)
    return balancers[name], next(one for one in balancers.values() if one.name != name)


@contextmanager
def asked() -> Iterator[list[str]]:
    """Some hundred requests a second to the floating address meanwhile, each on a connection of its own; what failed is yielded."""
    lost: list[str] = []
    over = threading.Event()

    def client() -> None:
        while not over.wait(0.02):
            try:
                status = ask(ADDRESS, PLAIN).status
            except (OSError, http.client.HTTPException) as error:
                lost.append(repr(error))
            else:
                lost.extend([f"status {status}"] if status != 200 else [])

    clients = [threading.Thread(target=client) for _number in range(8)]
    for one in clients:
        one.start()
    try:
        yield lost
    finally:
        over.set()
        for one in clients:
            one.join()


def test_an_orderly_restart_on_its_holder_moves_it_and_loses_no_request(balancers: dict[str, Balancer]) -> None:
    first, second = holder(balancers)
    with asked() as lost:
        time.sleep(0.5)
        first.host.check_output("systemctl restart haproxy")
        time.sleep(3)
        seen = holders(balancers)
    assert seen == [second.name]
    assert lost == []


def test_it_moves_when_haproxy_stops_on_its_holder_and_stays_when_haproxy_is_back(
    balancers: dict[str, Balancer],
) -> None:
    first, second = holder(balancers)
    first.host.check_output("systemctl stop haproxy")
    try:
        assert until(lambda: holders(balancers) == [second.name], 10), holders(balancers)
        assert ask(ADDRESS, PLAIN).status == 200
    finally:
        first.host.check_output("systemctl start haproxy")
    for _number in range(20):
        assert holders(balancers) == [second.name]
        time.sleep(0.2)


def test_it_moves_when_haproxy_hangs(balancers: dict[str, Balancer]) -> None:
    first, second = holder(balancers)
    first.host.check_output("systemctl kill --signal=STOP haproxy")
    try:
        assert until(lambda: holders(balancers) == [second.name], 15), holders(balancers)
        assert ask(ADDRESS, PLAIN).status == 200
    finally:
        first.host.check_output("systemctl kill --signal=CONT haproxy")
