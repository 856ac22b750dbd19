"""Records every Prometheus metric that running code really makes.

    python3 record.py --tree FOLDER [--tree FOLDER] [--driver FILE] [--skip REGEX] --output FILE

It imports the modules below the trees with the real `prometheus_client`, whose constructors are patched to note the
family's name, type, labels, unit, buckets and registry, and the frames of the tree that led to the call. It reads no
source text for names: what it knows, running code told it. This is the judge of `promsight metrics`.

Three ways lead to a constructor, and each record says which one did (`reached`):

- `import`: the module's own top level;
- `driver`: a file of ours that starts what needs starting: it is run after the imports, with `oracle` in its globals;
- `exercise`: functions and classes of the tree whose code mentions a constructor, called with stand-ins for the
  arguments. A name or label that holds a stand-in is no answer, and is left out.

Modules that are missing are replaced by stand-ins too (`--no-stand-ins` forbids it); `stand_ins` in the output says
which. It runs the code of the tree: use it on what you trust, in an environment that may be thrown away.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import inspect
import json
import os
import re
import signal
import sys
import threading
import traceback
import types
from unittest import mock

HERE = os.path.realpath(__file__)
MENTION = re.compile(r"prometheus|Counter|Gauge|Histogram|Summary|MetricFamily|[Mm]etrics?\b")
NO_MODULE = re.compile(
    r"(^|/)(tests?|testing|testdata|migrations?|node_modules|site-packages|docs?|examples?|benchmarks?)/"
    r"|(^|/)(setup|conftest|test_[^/]*|[^/]*_test|__main__|manage|noxfile)\.py$"
)
CONSTRUCTORS = {
    "Counter",
    "Gauge",
    "Histogram",
    "Summary",
    "Info",
    "Enum",
    "CounterMetricFamily",
    "GaugeMetricFamily",
    "HistogramMetricFamily",
    "SummaryMetricFamily",
    "InfoMetricFamily",
    "StateSetMetricFamily",
    "UntypedMetricFamily",
    "UnknownMetricFamily",
    "Metric",
}
STAND_IN = "promsight_stand_in"


class StandIn(mock.MagicMock):
    """What a missing module, class or argument is replaced by. Its text gives it away."""

    def __init__(self, *positional, **keywords):
        super().__init__(*positional, **keywords)
        # A mock has a class of its own, on which the defaults were just set.
        own = type(self)
        own.__str__ = own.__repr__ = lambda _: STAND_IN
        own.__format__ = lambda _, __: STAND_IN
        own.__lt__ = own.__gt__ = own.__le__ = own.__ge__ = lambda _, __: False
        # One element, so that what is done with each is done.
        own.__iter__ = lambda _: iter([StandIn()])

    def keys(self):
        return [StandIn()]

    values = keys

    def items(self):
        return [(StandIn(), StandIn())]


def _is_stand_in(value):
    return isinstance(value, mock.NonCallableMock) or (isinstance(value, str) and STAND_IN in value)


class _StandInModule(types.ModuleType):
    """A missing module: every name in it is a class that can be a base, a decorator, an exception or a value."""

    __version__ = "1.0.0"

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        value = _stand_in_class(name)
        setattr(self, name, value)
        return value


class _StandInMeta(type):
    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn()

    def __call__(cls, *positional, **keywords):
        if not cls.__dict__.get("_is_stand_in"):
            try:
                return super().__call__(*positional, **keywords)
            except TypeError:
                if "__init__" in cls.__dict__:
                    raise
                return object.__new__(cls)
        # A decorator gives back what it decorates.
        if len(positional) == 1 and not keywords and isinstance(positional[0], (types.FunctionType, type)):
            return positional[0]
        return StandIn()

    def __getitem__(cls, key):
        return cls

    def __or__(cls, other):
        return cls

    __ror__ = __or__

    def __iter__(cls):
        return iter(())

    def __lt__(cls, other):
        return False

    __gt__ = __le__ = __ge__ = __lt__


def _any_schema(cls, source, handler):
    """A model of pydantic with a field of this type takes anything for it."""
    from pydantic_core import core_schema

    return core_schema.any_schema()


def _stand_in_class(name):
    if name.endswith(("Error", "Exception", "Timeout")):
        return type(name, (Exception,), {})
    members = {
        "_is_stand_in": True,
        "__init_subclass__": classmethod(lambda cls, **_: None),
        "__get_pydantic_core_schema__": classmethod(_any_schema),
    }
    return _StandInMeta(name, (), members)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands at the end of the search: only what nothing else finds comes here."""

    def __init__(self, own):
        self.own = own
        self.found = set()

    def find_spec(self, name, path=None, target=None):
        parent, _, _ = name.rpartition(".")
        top = name.split(".")[0]
        if top in self.own or top in sys.stdlib_module_names or top == "prometheus_client":
            return None
        if parent and not isinstance(sys.modules.get(parent), _StandInModule):
            return None
        caller = sys._getframe(1)
        while caller is not None and (
            "importlib" in caller.f_code.co_filename or os.path.realpath(caller.f_code.co_filename) == HERE
        ):
            caller = caller.f_back
        if not parent and caller is not None and not RECORDER.root_of(caller.f_code.co_filename):
            # An installed package probes for what it can do without.
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        self.found.add(spec.name.split(".")[0])
        module = _StandInModule(spec.name)
        module.__path__ = []
        return module

    def exec_module(self, module):
        pass


class Recorder:
    """What was made so far."""

    def __init__(self):
        self.roots = []
        self.packages = []
        self.records = {}
        self.families = []
        self.reached = "import"
        self.failed = {}
        self.collectors = []

    def root_of(self, filename):
        if not filename or filename.startswith("<"):
            return None
        real = os.path.realpath(filename)
        for root in self.roots:
            if real.startswith(root + os.sep):
                return root
        return None

    def frames(self):
        """The frames of the tree, innermost first, as `[path, line]`."""
        found = []
        frame = sys._getframe(2)
        while frame is not None and len(found) < 12:
            root = self.root_of(frame.f_code.co_filename)
            if root:
                path = os.path.relpath(os.path.realpath(frame.f_code.co_filename), root)
                found.append([path.replace(os.sep, "/"), frame.f_lineno])
            frame = frame.f_back
        return found

    def maker(self):
        """The installed package whose code calls the constructor; `None` where the tree's own does."""
        frame = sys._getframe(2)
        while frame is not None:
            name = frame.f_code.co_filename
            if self.root_of(name):
                return None
            if os.path.realpath(name) != HERE and "/prometheus_client/" not in name and not name.startswith("<"):
                for path in self.packages:
                    if os.path.realpath(name).startswith(path + os.sep):
                        return os.path.relpath(os.path.realpath(name), path).split(os.sep)[0]
            frame = frame.f_back
        return None

    def is_made_by_the_library(self):
        """Whether the client library itself makes this metric, for its own collectors or to fill a child."""
        frame = sys._getframe(2)
        while frame is not None:
            name = frame.f_code.co_filename
            if os.path.realpath(name) != HERE and "/prometheus_client/" in name:
                if frame.f_code.co_name not in ("__init__", "__new__"):
                    return True
            elif os.path.realpath(name) != HERE:
                return False
            frame = frame.f_back
        return True

    def note(self, record):
        key = json.dumps([record["name"], record["type"], record["labels"], record["frames"][:1]])
        known = self.records.setdefault(key, record)
        for frame in record["frames"]:
            if frame not in known["frames"]:
                known["frames"].append(frame)
        return known

    def note_instrument(self, metric, arguments, failure):
        frames = self.frames()
        if not frames:
            return
        labels = arguments.get("labelnames") or ()
        if _is_stand_in(labels) or any(_is_stand_in(label) for label in labels):
            labels = None
        name = getattr(metric, "_name", None) or arguments.get("name")
        if not isinstance(name, str) or _is_stand_in(name):
            return
        if any(_is_stand_in(arguments.get(word)) for word in ("namespace", "subsystem", "unit")):
            return
        registry = arguments.get("registry")
        default = sys.modules["prometheus_client"].REGISTRY
        record = {
            "name": name,
            "type": getattr(metric, "_type", None) or "untyped",
            "labels": list(getattr(metric, "_labelnames", labels)) if labels is not None else None,
            "unit": getattr(metric, "_unit", None) or None,
            "registry": "default" if registry is default else "none" if registry is None else "own",
            "frames": frames,
            "reached": self.reached,
            "by": self.maker(),
        }
        if record["type"] == "histogram":
            bounds = getattr(metric, "_upper_bounds", None)
            try:
                record["buckets"] = [float(bound) for bound in bounds if bound != float("inf")]
            except (TypeError, ValueError):
                record["buckets"] = None
        if failure is not None and "Duplicated timeseries" not in str(failure):
            return
        self.note(record)

    def note_family(self, family, typ, labels):
        frames = self.frames()
        if not frames or not isinstance(family.name, str) or _is_stand_in(family.name) or _is_stand_in(typ):
            return
        if labels is not None and (_is_stand_in(labels) or any(_is_stand_in(label) for label in labels)):
            labels = None
            known = False
        else:
            known = True
        record = {
            "name": family.name,
            "type": {"unknown": "untyped"}.get(typ, typ),
            "labels": list(labels or ()) if known else None,
            "unit": family.unit or None,
            "registry": "collector",
            "frames": frames,
            "reached": self.reached,
            "by": self.maker(),
        }
        self.families.append((family, self.note(record)))

    def finish_families(self):
        """The labels of samples that were added without being announced."""
        for family, record in self.families:
            if record["labels"] is None:
                continue
            for sample in family.samples:
                for label in sample.labels:
                    is_own = label in ("le", "quantile") or (record["type"] == "stateset" and label == family.name)
                    if is_own or record["type"] == "info":
                        continue
                    if _is_stand_in(label):
                        continue
                    if label not in record["labels"]:
                        record["labels"].append(label)


RECORDER = Recorder()


def patch():
    """Patches the client library; to be called before anything of the tree is imported."""
    import prometheus_client
    from prometheus_client import metrics, metrics_core, registry

    original = metrics.MetricWrapperBase.__init__
    signature = inspect.signature(original)

    def instrument(self, *positional, **keywords):
        failure = None
        try:
            original(self, *positional, **keywords)
        except Exception as error:
            failure = error
        try:
            bound = signature.bind(self, *positional, **keywords)
            bound.apply_defaults()
            if bound.arguments.get("_labelvalues") is None and not RECORDER.is_made_by_the_library():
                RECORDER.note_instrument(self, bound.arguments, failure)
        except TypeError:
            pass
        if failure is not None:
            raise failure

    metrics.MetricWrapperBase.__init__ = instrument

    family_original = metrics_core.Metric.__init__

    def family(self, name, documentation, typ, unit="", *positional, **keywords):
        family_original(self, name, documentation, typ, unit, *positional, **keywords)
        if type(self) is metrics_core.Metric and not RECORDER.is_made_by_the_library():
            RECORDER.note_family(self, typ, None)

    metrics_core.Metric.__init__ = family
    for name in dir(metrics_core):
        cls = getattr(metrics_core, name)
        if isinstance(cls, type) and issubclass(cls, metrics_core.Metric) and cls is not metrics_core.Metric:
            _patch_family(cls)

    register = registry.CollectorRegistry.register

    def noting_register(self, collector):
        if not isinstance(collector, metrics.MetricWrapperBase) and RECORDER.frames():
            RECORDER.collectors.append(collector)
        return register(self, collector)

    registry.CollectorRegistry.register = noting_register
    # Nothing is served while recording.
    for name in ("start_http_server", "start_wsgi_server", "push_to_gateway", "pushadd_to_gateway"):
        if hasattr(prometheus_client, name):
            setattr(prometheus_client, name, lambda *_, **__: (StandIn(), StandIn()))


def _patch_family(cls):
    if "__init__" not in cls.__dict__:
        return
    original = cls.__init__
    signature = inspect.signature(original)

    def init(self, *positional, **keywords):
        original(self, *positional, **keywords)
        if type(self).__init__ is init and not RECORDER.is_made_by_the_library():
            labels = signature.bind(self, *positional, **keywords).arguments.get("labels")
            RECORDER.note_family(self, self.type, labels)

    cls.__init__ = init


class _Late(BaseException):
    pass


def _limited(seconds, work, *arguments):
    def stop(*_):
        raise _Late

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        return work(*arguments)
    finally:
        signal.alarm(0)


def modules_below(root, only, skip, every):
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        for file in sorted(files):
            path = os.path.join(folder, file)
            relative = os.path.relpath(path, root).replace(os.sep, "/")
            if not file.endswith(".py") or NO_MODULE.search(relative) or (skip and re.search(skip, relative)):
                continue
            if only and not re.search(only, relative):
                continue
            with open(path, encoding="utf-8", errors="replace") as source:
                if not every and not MENTION.search(source.read()):
                    continue
            module = relative[:-3].replace("/", ".")
            module = module[:-9] if module.endswith(".__init__") else module
            if all(part.isidentifier() for part in module.split(".")):
                yield module


def import_module(name):
    try:
        _limited(60, importlib.import_module, name)
        RECORDER.failed.pop(name, None)
    except BaseException as error:  # What a module raises at its import is its own affair, `SystemExit` included.
        if isinstance(error, KeyboardInterrupt):
            raise
        place = [entry for entry in traceback.extract_tb(error.__traceback__) if RECORDER.root_of(entry.filename)]
        where = f" at {os.path.basename(place[-1].filename)}:{place[-1].lineno}" if place else ""
        # Where this machine keeps the tree is nobody's affair.
        text = re.sub(r"(/[\w.+-]+)+/", "", str(error))[:160]
        RECORDER.failed[name] = f"{type(error).__name__}: {text}{where}"


def _mentions(code):
    if CONSTRUCTORS & set(code.co_names) or any("etric" in name or "rometheus" in name for name in code.co_names):
        return True
    return any(isinstance(constant, types.CodeType) and _mentions(constant) for constant in code.co_consts)


def _call(function):
    """Calls with stand-ins for what has no default; what an iterator gives is taken, up to a bound."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    positional, keywords = [], {}
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or parameter.default is not parameter.empty:
            continue
        value = STAND_IN if parameter.annotation in (str, "str") else StandIn()
        if parameter.kind is parameter.KEYWORD_ONLY:
            keywords[parameter.name] = value
        else:
            positional.append(value)

    def run():
        result = function(*positional, **keywords)
        if inspect.iscoroutine(result):
            import asyncio

            return asyncio.new_event_loop().run_until_complete(result)
        if inspect.isgenerator(result):
            for _, _ in zip(range(2000), result):
                pass
        return result

    try:
        return _limited(5, run)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return None


def exercise(skip):
    """Calls what mentions a constructor and was not reached by the imports."""
    import time

    RECORDER.reached = "exercise"
    time.sleep = lambda *_: None
    for module in sorted(name for name, module in sys.modules.items() if RECORDER.root_of(getattr(module, "__file__", None))):
        members = sorted(vars(sys.modules[module]).items())
        for name, member in members:
            if getattr(member, "__module__", None) != module or (skip and re.search(skip, f"{module}.{name}")):
                continue
            if isinstance(member, types.FunctionType) and _mentions(member.__code__):
                _call(member)
            elif inspect.isclass(member):
                methods = [
                    (key, value)
                    for key, value in sorted(vars(member).items())
                    if isinstance(value, types.FunctionType) and (key == "collect" or _mentions(value.__code__))
                ]
                if not methods:
                    continue
                instance = _call(member)
                if not isinstance(instance, member):
                    continue
                for key, _ in methods:
                    if key != "__init__":
                        _call(getattr(instance, key))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tree", action="append", required=True)
    parser.add_argument("--path", action="append", default=[], help="a folder of installed packages the tree needs")
    parser.add_argument("--driver")
    parser.add_argument("--only", default="", help="paths that are imported; without it, all that mention metrics")
    parser.add_argument("--every", action="store_true", help="import modules that do not mention metrics, too")
    parser.add_argument("--skip", default="", help="paths and names that are neither imported nor exercised")
    parser.add_argument("--no-stand-ins", action="store_true")
    parser.add_argument("--no-exercise", action="store_true")
    parser.add_argument("--output", required=True)
    options = parser.parse_args()

    RECORDER.roots = [os.path.realpath(tree) for tree in options.tree]
    RECORDER.packages = [os.path.realpath(path) for path in options.path]
    output = os.path.realpath(options.output)
    driver = os.path.realpath(options.driver) if options.driver else None
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry or ".") != os.path.dirname(HERE)]
    sys.path[:0] = RECORDER.roots + [os.path.realpath(path) for path in options.path]
    patch()
    own = {name[:-3] if name.endswith(".py") else name for root in RECORDER.roots for name in os.listdir(root)}
    finder = _Finder(own)
    if not options.no_stand_ins:
        sys.meta_path.append(finder)
    sys.argv = ["oracle"]
    stdout, sys.stdout = sys.stdout, sys.stderr
    os.chdir(RECORDER.roots[0])
    modules = [name for root in RECORDER.roots for name in modules_below(root, options.only, options.skip, options.every)]
    threading.excepthook = lambda _: None
    for _ in range(2):
        # Twice: what failed in a circle of imports may work when the others are there.
        for name in modules:
            if name not in sys.modules:
                import_module(name)
    if driver:
        RECORDER.reached = "driver"
        with open(driver, encoding="utf-8") as source:
            code = compile(source.read(), driver, "exec")
        try:
            exec(code, {"__name__": "oracle_driver", "oracle": sys.modules["__main__"], "StandIn": StandIn})
        except BaseException:
            RECORDER.failed["driver"] = traceback.format_exc(limit=0).strip()[-300:]
    for collector in list(RECORDER.collectors):
        _call(collector.collect)
    if not options.no_exercise:
        exercise(options.skip)
    RECORDER.finish_families()
    metrics = sorted(RECORDER.records.values(), key=lambda record: (record["frames"][0], record["name"], record["type"]))
    result = {
        "python": ".".join(map(str, sys.version_info[:3])),
        "prometheus_client": importlib.metadata.version("prometheus_client"),
        "modules": {"tried": len(modules), "failed": dict(sorted(RECORDER.failed.items()))},
        "stand_ins": sorted(finder.found),
        "metrics": metrics,
    }
    with open(output, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1, default=str)
        file.write("\n")
    sys.stdout = stdout
    print(f"{len(metrics)} metrics, {len(modules)} modules, {len(RECORDER.failed)} failed", file=sys.stderr)
    sys.stderr.flush()
    # Threads of the tree must not keep the process alive.
    os._exit(0)


if __name__ == "__main__":
    main()
