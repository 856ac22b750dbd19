//! Descriptions of Python packages: commands that they install, and where their modules lie.

use std::sync::LazyLock;

use promsight_model::launch::{ConsoleScript, Package};
use promsight_model::{Embedded, SourceFile, Span};
use regex::Regex;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ini;

/// `pyproject.toml` (PEP 621, Poetry, setuptools, hatch, flit, PDM).
pub(super) fn project(file: &SourceFile) -> Option<Package> {
    let (root, _) = DeTable::parse_recoverable(&file.text);
    let root = root.into_inner();
    let mut package = Package {
        name: text_at(&root, &["project", "name"]).or_else(|| text_at(&root, &["tool", "poetry", "name"])),
        ..Package::default()
    };
    let tables: [&[&str]; 6] = [
        &["project", "scripts"],
        &["project", "gui-scripts"],
        &["project", "entry-points", "console_scripts"],
        &["tool", "poetry", "scripts"],
        &["tool", "flit", "scripts"],
        &["tool", "pdm", "scripts"],
    ];
    for table in tables.iter().filter_map(|path| table_at(&root, path)) {
        for (name, value) in table.iter() {
            package
                .scripts
                .extend(console_script(file, name.get_ref(), value));
        }
    }
    for path in [
        ["tool", "setuptools", "package-dir"].as_slice(),
        &["tool", "pdm", "build", "package-dir"],
    ] {
        match value_at(&root, path) {
            Some(DeValue::Table(table)) => {
                let all = table.iter().filter(|(name, _)| name.get_ref().is_empty());
                package
                    .roots
                    .extend(all.filter_map(|(_, value)| text(value.get_ref())));
            }
            Some(value) => package.roots.extend(text(value)),
            None => {}
        }
    }
    if let Some(folders) = value_at(&root, &["tool", "setuptools", "packages", "find", "where"]) {
        package.roots.extend(texts(folders));
    }
    if let Some(DeValue::Array(packages)) = value_at(&root, &["tool", "poetry", "packages"]) {
        for entry in packages.iter() {
            if let DeValue::Table(table) = entry.get_ref() {
                package.roots.extend(text_at(table, &["from"]));
            }
        }
    }
    Some(package)
}

fn console_script(file: &SourceFile, name: &str, value: &Spanned<DeValue<'_>>) -> Option<ConsoleScript> {
    let (reference, range) = match value.get_ref() {
        DeValue::String(text) => (text.to_string(), value.span()),
        DeValue::Table(table) => {
            let keys = ["reference", "callable", "call"];
            let entry = table
                .iter()
                .find(|(key, _)| keys.contains(&key.get_ref().as_ref()));
            let (_, value) = entry?;
            (text(value.get_ref())?, value.span())
        }
        _ => return None,
    };
    let module = reference.split(':').next().unwrap_or_default().trim().to_owned();
    is_module(&module).then(|| ConsoleScript {
        name: name.to_owned(),
        module,
        // The quotes are no part of it.
        span: Span::new(file.id, range.start + 1..range.end.saturating_sub(1)),
    })
}

fn is_module(text: &str) -> bool {
    let is_name = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
            && !part.starts_with(|c: char| c.is_ascii_digit())
    };
    text.split('.').all(is_name)
}

fn value_at<'t, 'i>(table: &'t DeTable<'i>, path: &[&str]) -> Option<&'t DeValue<'i>> {
    let (last, folders) = path.split_last()?;
    let table = table_at(table, folders)?;
    table.get(*last).map(Spanned::get_ref)
}

fn table_at<'t, 'i>(table: &'t DeTable<'i>, path: &[&str]) -> Option<&'t DeTable<'i>> {
    path.iter()
        .try_fold(table, |table, key| match table.get(*key)?.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => None,
        })
}

fn text_at(table: &DeTable<'_>, path: &[&str]) -> Option<String> {
    value_at(table, path).and_then(text)
}

fn text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        _ => None,
    }
}

fn texts(value: &DeValue<'_>) -> Vec<String> {
    match value {
        DeValue::Array(items) => items.iter().filter_map(|item| text(item.get_ref())).collect(),
        other => text(other).into_iter().collect(),
    }
}

/// `setup.cfg`.
pub(super) fn setup_configuration(file: &SourceFile) -> Package {
    let source = Embedded::whole(file.id, &file.text);
    let mut package = Package::default();
    for setting in ini::settings(&source) {
        let value = &setting.value;
        match (setting.section.as_str(), setting.name.as_str()) {
            ("metadata", "name") => package.name = Some(value.text.clone()),
            ("options.entry_points", "console_scripts") => package.scripts.extend(entry_points(value)),
            ("options.packages.find", "where") => package.roots.push(value.text.trim().to_owned()),
            ("options", "package_dir") => {
                let all = value
                    .text
                    .lines()
                    .filter_map(|line| line.trim().strip_prefix('='));
                package.roots.extend(all.map(|folder| folder.trim().to_owned()));
            }
            _ => {}
        }
    }
    package
}

/// `setup.py`: what it writes as literals.
pub(super) fn setup(file: &SourceFile) -> Package {
    static ROOT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"package_dir\s*=\s*(?:\{\s*["']{2}\s*:\s*["']([\w./-]+)["']|dict\(\s*\*\*)"#).ok()
    });
    static NAME: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"\bname\s*=\s*["']([\w.-]+)["']"#).ok());
    let capture = |regex: &LazyLock<Option<Regex>>| {
        let found = regex.as_ref()?.captures(&file.text)?;
        Some(found.get(1)?.as_str().to_owned())
    };
    let mut package = Package {
        name: capture(&NAME),
        roots: capture(&ROOT).into_iter().collect(),
        ..Package::default()
    };
    let source = Embedded::whole(file.id, &file.text);
    if let Some(at) = file.text.find("console_scripts") {
        let rest = &file.text[at..];
        let end = rest.find([']', '}']).unwrap_or(rest.len());
        package.scripts = entry_points(&source.slice(at..at + end));
    }
    package
}

/// `name = package.module:function`, wherever it stands in a text.
fn entry_points(text: &Embedded) -> Vec<ConsoleScript> {
    static POINT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"([A-Za-z0-9][\w.-]*)\s*=\s*([A-Za-z_][\w.]*)\s*:\s*[A-Za-z_]").ok());
    let Some(regex) = POINT.as_ref() else {
        return Vec::new();
    };
    let found = regex.captures_iter(&text.text).filter_map(|found| {
        let module = found.get(2)?;
        Some(ConsoleScript {
            name: found.get(1)?.as_str().to_owned(),
            module: module.as_str().to_owned(),
            span: text.span(module.range()),
        })
    });
    found.collect()
}
