//! What the scan of imports finds in texts.

use promsight_model::ImportStatement;

use super::import_scan::imports_of;

fn statements(text: &str) -> Vec<String> {
    let statements = imports_of(text).statements;
    let line = |statement: ImportStatement| {
        let dots = ".".repeat(statement.level);
        format!("{dots}{}:{}", statement.module, statement.names.join(","))
    };
    statements.into_iter().map(line).collect()
}

fn named(text: &str) -> Vec<String> {
    imports_of(text)
        .named
        .into_iter()
        .map(|named| named.path)
        .collect()
}

#[test]
fn every_form_of_the_import_statement_is_found() {
    let text = "import os, a.b as c\nfrom . import (\n    x,  # why\n    y as z,\n)\nfrom ..pkg.mod \\\n    import *\n\
                def f():\n\tfrom late import it; import last\ntry: import quick\nexcept ImportError: pass\n";
    assert_eq!(
        statements(text),
        [
            "os:",
            "a.b:",
            ".:x,y",
            "..pkg.mod:*",
            "late:it",
            "last:",
            "quick:"
        ]
    );
}

#[test]
fn texts_comments_and_guarded_blocks_import_nothing() {
    let text = "\"\"\"\nimport docs\n\"\"\"\n# import remark\nx = '''\nfrom a import b\n'''\nif TYPE_CHECKING:\n    \
                import types_only\n\n    from t import T\nelse:\n    import real\nif typing.TYPE_CHECKING: import y\n\
                raise Error from cause\nyield from import_it()\nimport behind\n";
    assert_eq!(statements(text), ["real:", "behind:"]);
}

#[test]
fn modules_are_named_by_texts_where_frameworks_take_them() {
    let text = "INSTALLED_APPS: list[str] = [\n    'django.contrib.admin',\n    'orders',\n]\n\
                INSTALLED_APPS.append('late')\nlogging.getLogger('a.b')\n\
                app = Celery('shop', include=['shop.tasks'])\nuvicorn.run(\"shop.api:app\", port=1)\n\
                path('', include('shop.urls'))\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n\
                name = 'c.d'\nspec = Spec('shop.late:router')\nimport_module('.late', __package__)\n";
    assert_eq!(
        named(text),
        [
            "django.contrib.admin",
            "orders",
            "late",
            "shop.tasks",
            "shop.api",
            "shop.urls",
            "shop.settings",
            "shop.late",
            ".late"
        ]
    );
    assert!(!imports_of(text).is_open);
}

#[test]
fn imports_by_names_known_only_at_run_time_leave_the_list_open() {
    for text in [
        "importlib.import_module(name)\n",
        "importlib.import_module(f'plugins.{name}')\n",
        "import_module('plugins.' + name)\n",
        "import_module()\n",
        "for found in pkgutil.iter_modules(path): pass\n",
        "for entry in entry_points(group='shop.plugins'): entry.load()\n",
    ] {
        assert!(imports_of(text).is_open, "{text}");
    }
    for text in [
        "def import_module(name): return 1\n",
        "setup(entry_points={'console_scripts': ['a = b:c']})\n",
        "app.autodiscover_tasks()\n",
        "app.autodiscover_tasks(lambda: settings.INSTALLED_APPS)\n",
    ] {
        assert!(!imports_of(text).is_open, "{text}");
    }
}

#[test]
fn names_that_no_text_spells_out_are_told_from_those_that_one_does() {
    assert!(!imports_of("import_module(spec.module)\n").discovers);
    for text in [
        "import_module(f'plugins.{name}')\n",
        "import_module('plugins.' + name)\n",
        "pkgutil.iter_modules()\n",
    ] {
        assert!(imports_of(text).discovers, "{text}");
    }
}

#[test]
fn broken_text_is_read_to_its_end() {
    for text in [
        "import",
        "from",
        "from .",
        "x = 'open\nimport a\n",
        "((((",
        "'''",
        "f(\\",
        "\\\r",
        "'\\",
    ] {
        imports_of(text);
    }
    assert_eq!(statements("x = 'open\nimport a\n"), ["a:"]);
    assert_eq!(statements("é = 'ü\\é'\nimport ä.ö\n"), ["ä.ö:"]);
    let deep = format!(
        "{}import_module(x){}\nimport a\n",
        "(".repeat(500),
        ")".repeat(500)
    );
    assert_eq!(statements(&deep), ["a:"]);
}
