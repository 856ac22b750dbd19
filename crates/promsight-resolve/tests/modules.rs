//! Which modules a program consists of, from the texts of all files.

#![expect(clippy::expect_used, reason = "tests stop where their tree is malformed")]

use promsight_extract::python::imports_of;
use promsight_model::FileSet;
use promsight_resolve::python::{ModuleGraph, ScannedModule};

fn graph(files: &FileSet) -> ModuleGraph {
    let scanned: Vec<_> = files
        .files()
        .iter()
        .map(|file| (file, imports_of(&file.text)))
        .collect();
    let modules: Vec<_> = scanned
        .iter()
        .map(|(file, imports)| ScannedModule {
            file: file.id,
            path: &file.path,
            imports,
            is_test: false,
        })
        .collect();
    ModuleGraph::new(&modules)
}

/// The paths that running one of the files brings in, and a last `…` where there may be more.
fn closure(tree: &[(&str, &str)], entry: &str) -> Vec<String> {
    let files: FileSet = tree.iter().copied().collect();
    let entry = files.by_path(entry).expect("the entry is in the tree").id;
    let closure = graph(&files).closure([entry]);
    let mut paths: Vec<String> = closure
        .files
        .iter()
        .map(|file| files.file(*file).path.clone())
        .collect();
    if closure.is_open {
        paths.push("…".to_owned());
    }
    paths
}

#[test]
fn a_module_brings_in_its_packages_and_what_functions_import() {
    let tree = [
        ("src/shop/__init__.py", ""),
        ("src/shop/orders/__init__.py", "from .names import PREFIX\n"),
        ("src/shop/orders/names.py", "PREFIX = 'x'\n"),
        (
            "src/shop/orders/api.py",
            "def start():\n    from shop.measure import serve\n    serve()\n",
        ),
        ("src/shop/measure.py", "import prometheus_client\n"),
        ("src/shop/unrelated.py", "import shop.orders\n"),
    ];
    assert_eq!(
        closure(&tree, "src/shop/orders/api.py"),
        [
            "src/shop/__init__.py",
            "src/shop/measure.py",
            "src/shop/orders/__init__.py",
            "src/shop/orders/api.py",
            "src/shop/orders/names.py",
        ]
    );
}

#[test]
fn two_services_with_modules_of_the_same_name_keep_to_their_own() {
    let tree = [
        ("billing/main.py", "import metrics\nfrom common import log\n"),
        ("billing/metrics.py", ""),
        ("billing/common/log.py", ""),
        ("orders/main.py", "import metrics\nfrom common.log import info\n"),
        ("orders/metrics.py", ""),
        ("orders/common/log.py", ""),
    ];
    assert_eq!(
        closure(&tree, "orders/main.py"),
        ["orders/common/log.py", "orders/main.py", "orders/metrics.py"]
    );
    assert_eq!(
        closure(&tree, "billing/main.py"),
        ["billing/common/log.py", "billing/main.py", "billing/metrics.py"]
    );
}

#[test]
fn django_brings_in_what_its_settings_name() {
    let tree = [
        (
            "manage.py",
            "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'proj.settings')\n",
        ),
        (
            "proj/settings.py",
            "INSTALLED_APPS = ['django.contrib.auth', 'orders', 'stock.apps.StockConfig']\n\
             ROOT_URLCONF = 'proj.urls'\nMIDDLEWARE = ['proj.timing.Timing']\n",
        ),
        (
            "proj/urls.py",
            "urlpatterns = [path('', include('orders.urls'))]\n",
        ),
        ("proj/timing.py", ""),
        ("orders/models.py", ""),
        ("orders/urls.py", "from . import views\n"),
        ("orders/views.py", ""),
        ("stock/apps.py", ""),
        ("stock/tasks.py", ""),
        ("stock/loose.py", ""),
    ];
    assert_eq!(
        closure(&tree, "manage.py"),
        [
            "manage.py",
            "orders/models.py",
            "orders/urls.py",
            "orders/views.py",
            "proj/settings.py",
            "proj/timing.py",
            "proj/urls.py",
            "stock/apps.py",
            "stock/tasks.py",
        ]
    );
}

#[test]
fn plugins_leave_the_closure_open() {
    let tree = [
        ("app.py", "import loader\n"),
        ("loader.py", "import importlib\nimportlib.import_module(name)\n"),
        ("plugins/one.py", ""),
    ];
    assert_eq!(closure(&tree, "app.py"), ["app.py", "loader.py", "…"]);
}
