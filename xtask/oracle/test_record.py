"""The recorder's own test: `python3 -m unittest` in this folder, where `prometheus_client` is installed."""

import json
import os
import subprocess
import sys
import tempfile
import textwrap
import unittest

import oracle

HERE = os.path.dirname(os.path.realpath(__file__))


def recorded(files, *options):
    """What the recorder says of a tree of these files."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            target = os.path.join(folder, "tree", path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "w", encoding="utf-8") as file:
                file.write(textwrap.dedent(text))
        output = os.path.join(folder, "out.json")
        command = [sys.executable, os.path.join(HERE, "record.py"), "--tree", os.path.join(folder, "tree")]
        subprocess.run([*command, "--output", output, *options], check=True, capture_output=True, timeout=60)
        with open(output, encoding="utf-8") as file:
            return json.load(file)


class Recording(unittest.TestCase):
    def test_notes_name_type_labels_unit_buckets_registry_and_frames(self):
        made = recorded(
            {
                "shop/metrics.py": """\
                    from prometheus_client import CollectorRegistry, Counter, Histogram

                    def counter(name):
                        return Counter(name + "_total", "Text.", ["kind"])

                    SOLD = counter("shop_sold")
                    SOLD.labels("book").inc()
                    WAIT = Histogram("wait", "Text.", unit="seconds", buckets=(1, 2), registry=CollectorRegistry())
                    """
            }
        )["metrics"]
        sold, wait = made
        self.assertEqual((sold["name"], sold["type"], sold["labels"]), ("shop_sold", "counter", ["kind"]))
        self.assertEqual(sold["frames"], [["shop/metrics.py", 4], ["shop/metrics.py", 6]])
        self.assertEqual((sold["registry"], sold["reached"]), ("default", "import"))
        self.assertEqual((wait["name"], wait["unit"], wait["buckets"]), ("wait_seconds", "seconds", [1.0, 2.0]))
        self.assertEqual(wait["registry"], "own")

    def test_runs_collectors_and_takes_labels_from_samples(self):
        made = recorded(
            {
                "farm.py": """\
                    from prometheus_client import REGISTRY, Metric
                    from prometheus_client.core import GaugeMetricFamily

                    class Collector:
                        def collect(self):
                            yield GaugeMetricFamily("farm_cows", "Cows.", labels=["barn"])
                            plain = Metric("farm_milk", "Milk.", "gauge")
                            plain.add_sample("farm_milk", {"tank": "1"}, 2)
                            yield plain

                    class Unregistered:
                        def __init__(self, config):
                            self.prefix = config.prefix

                        def collect(self):
                            yield GaugeMetricFamily("farm_hay", "Hay.")
                            yield GaugeMetricFamily(self.prefix + "_straw", "Straw.")

                    REGISTRY.register(Collector())
                    """
            }
        )["metrics"]
        self.assertEqual(
            [(metric["name"], metric["labels"], metric["reached"]) for metric in made],
            [("farm_cows", ["barn"], "import"), ("farm_milk", ["tank"], "import"), ("farm_hay", [], "exercise")],
        )

    def test_stands_in_for_missing_modules_and_says_so(self):
        made = recorded(
            {
                "app.py": """\
                    from missing.thing import Base, decorate
                    from prometheus_client import Gauge

                    @decorate
                    class App(Base):
                        load = Gauge("app_load", "Load.")
                    """,
                "broken.py": """\
                    import prometheus_client
                    raise RuntimeError("no configuration")
                    """,
            }
        )
        self.assertEqual([metric["name"] for metric in made["metrics"]], ["app_load"])
        self.assertEqual(made["stand_ins"], ["missing"])
        self.assertIn("no configuration", made["modules"]["failed"]["broken"])


class Comparing(unittest.TestCase):
    def setUp(self):
        site = {"path": "a.py", "line": 3, "end_line": 3}
        self.claim = {
            "name": "a",
            "name_kind": "exact",
            "type": "gauge",
            "labels": ["x"],
            "labels_known": True,
            "emitter": "prometheus_client",
            "liveness": "live",
            "test_only": False,
            "site": site,
        }
        self.made = {"name": "a", "type": "gauge", "labels": ["x"], "frames": [["a.py", 3]]}

    def verdict(self, made, *claims):
        verdicts, figures, _ = oracle.compare({"metrics": made}, {"metrics": list(claims)})
        return {word: len(lines) for word, lines in verdicts.items() if lines}, figures

    def test_every_verdict(self):
        self.assertEqual(self.verdict([self.made], self.claim)[0], {"exact": 1})
        self.assertEqual(self.verdict([self.made], {**self.claim, "labels_known": False})[0], {"open": 1})
        self.assertEqual(self.verdict([self.made], {**self.claim, "type": "counter"})[0], {"wrong": 1})
        self.assertEqual(self.verdict([self.made], {**self.claim, "labels": []})[0], {"wrong": 1})
        self.assertEqual(
            self.verdict([{**self.made, "name": "abc"}], {**self.claim, "name": "a*c", "name_kind": "pattern"})[0],
            {"pattern": 1},
        )
        self.assertEqual(self.verdict([self.made])[0], {"missed": 1})
        self.assertEqual(
            self.verdict([self.made], self.claim, {**self.claim, "name": "b"})[0], {"exact": 1, "invented": 1}
        )
        elsewhere = {**self.claim["site"], "line": 9, "end_line": 9}
        self.assertEqual(
            self.verdict([self.made], self.claim, {**self.claim, "name": "b", "site": elsewhere})[0],
            {"exact": 1, "not judged": 1},
        )


if __name__ == "__main__":
    unittest.main()
