import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest

from services.canary.pipeline import run
from services.common.metrics import LATENCY_BUCKETS
from services.kill_switch.switch import KillSwitch
from services.market_data.ingester import Feed
from services.order_gateway.session import VenueSession
from services.pricing.engine import PricingEngine


def test_a_counter_is_exposed_with_total():
    registry = CollectorRegistry()
    Counter("orders_probe", "Only in this test.", registry=registry).inc()
    assert b"orders_probe_total 1.0" in generate_latest(registry)


def test_buckets_rise():
    assert list(LATENCY_BUCKETS) == sorted(LATENCY_BUCKETS)


def test_the_switch_remembers():
    switch = KillSwitch()
    switch.engage("desk")
    assert switch.kill_switch_state() == {"desk": True, "venue": False, "global": False}


def test_a_feed_keeps_prices():
    feed = Feed("equities", "wss://feed.example", ["ACME"])
    feed.on_message('{"sequence": 1, "symbol": "ACME", "price": 10.5}', now=100.0)
    assert feed.prices == {"ACME": 10.5}


def test_late_acknowledgements_are_timeouts():
    session = VenueSession("XLON", timeout=1.0)
    assert session.send(1, acknowledged_after=0.2)
    assert not session.send(2, acknowledged_after=1.5)


def test_books_have_a_value():
    assert PricingEngine().revalue([("equity", 10.0, 2.0)]) == pytest.approx(20.0)


def test_a_close_candidate_is_promoted():
    assert run([("ACME", 0.31, 0.32), ("INITECH", 0.55, 0.54)]) == "promoted"
