"""The name server's own statistics name most metrics: two sections stand for them here."""

from unittest import mock

from knot_exporter import knot_exporter

answers = {
    "stats": {"server": {"zone-count": "3"}, "mod-stats": {"request-protocol": {"udp4": "2"}}},
    "zone-stats": {"zone": {"example.": {"mod-stats": {"query-type": {"A": "1"}}}}},
    "zone-status": {"example.": {"serial": "7", "expiration": "+1h", "refresh": "+2h"}},
    "zone-read": {"example.": {"example.": {"SOA": {"data": ["a. b. 1 2 3 4 5"]}}}},
}


class Control:
    def connect(self, path):
        pass

    set_timeout = send = connect

    def close(self):
        pass

    def send_block(self, cmd, **_):
        self.command = cmd

    def receive_stats(self):
        return answers[self.command]

    receive_block = receive_stats


control = mock.MagicMock()
control.control.KnotCtl = Control
control.control.KnotCtlErrorConnect = OSError
knot_exporter.libknot = control
knot_exporter.memory_usage = lambda: {1: 2}
made = knot_exporter.KnotCollector.__new__(knot_exporter.KnotCollector)
made._sock, made._ttl = "socket", 1
for switch in ("meminfo", "stats", "zone_stats", "zone_status", "zone_serial", "zone_timers"):
    setattr(made, "collect_" + switch, True)
list(made.collect())
