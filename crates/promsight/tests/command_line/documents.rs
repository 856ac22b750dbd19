//! What the documents show is what the program does: commands run, outputs come out, configurations are accepted, and the
//! table of names holds.

use std::path::{Path, PathBuf};

use clap::Parser as _;
use clap::error::ErrorKind;
use promsight::arguments::Arguments;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use serde_json::Value;

use crate::fake_server::{Answer, FakeServer};
use crate::project::{Project, run_in, trading_platform};

/// What the documents write where readers fill in their own, and what stands for it here. The example's own folders are
/// `services` and `deploy`.
const FILLED_IN: [(&str, &str); 3] = [
    ("../service", "services"),
    ("../deploy", "deploy"),
    ("orders_total", "settlement_trades_settled_total"),
];

fn top() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", ".."].iter().collect()
}

/// A fenced block of a page.
struct Block {
    language: String,
    text: String,
}

/// A page, by its name.
struct Page {
    name: String,
    blocks: Vec<Block>,
    text: String,
}

/// README.md and the pages of `docs/`.
fn pages() -> Vec<Page> {
    let folder = std::fs::read_dir(top().join("docs")).expect("the folder can be read");
    let mut paths: Vec<PathBuf> = folder.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.push(top().join("README.md"));
    paths.sort();
    let pages = paths.iter().map(|path| {
        let text = std::fs::read_to_string(path).expect("the page can be read");
        Page {
            name: file_name(path),
            blocks: blocks(&text),
            text,
        }
    });
    pages.collect()
}

fn page(name: &str) -> Page {
    let page = pages().into_iter().find(|page| page.name == name);
    page.expect("the page is there")
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_default()
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_inside = false;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                is_inside = true;
                blocks.push(Block {
                    language: info.to_string(),
                    text: String::new(),
                });
            }
            Event::End(TagEnd::CodeBlock) => is_inside = false,
            Event::Text(piece) if is_inside => {
                let block = blocks.last_mut().expect("a block was begun");
                block.text.push_str(&piece);
            }
            _ => {}
        }
    }
    blocks
}

impl Page {
    /// The blocks in that language.
    fn in_language(&self, language: &str) -> impl Iterator<Item = &str> {
        let blocks = self.blocks.iter().filter(move |block| block.language == language);
        blocks.map(|block| block.text.as_str())
    }

    /// The promsight commands of its shell blocks, in order.
    fn commands(&self) -> Vec<Vec<String>> {
        let lines = self.in_language("sh").flat_map(str::lines);
        lines.filter_map(command).collect()
    }
}

/// Words of the command on a line, if it runs promsight.
fn command(line: &str) -> Option<Vec<String>> {
    let line = line.trim().trim_start_matches("- ");
    let mut prefixes = ["run: ", "entry: "].into_iter();
    let line = prefixes
        .find_map(|prefix| line.strip_prefix(prefix))
        .unwrap_or(line);
    let line = line.split(" # ").next().unwrap_or(line).trim();
    let line = line
        .strip_prefix("cargo run --release -- ")
        .map_or(line.to_owned(), |arguments| format!("promsight {arguments}"));
    if !line.starts_with("promsight ") {
        return None;
    }
    // What the shell or the CI system fills in.
    let mut line = line.replace("\"${arguments[@]}\"", "--format github --fail-on error");
    while let (Some(from), Some(to)) = (line.find("${{"), line.find("}}")) {
        line.replace_range(from..to + 2, "filled-in");
    }
    let command = line.split(" > ").next().unwrap_or(&line);
    let words = command.split_whitespace();
    Some(words.map(|word| word.trim_matches('"').to_owned()).collect())
}

#[test]
fn every_command_of_recipes_and_packaging_is_understood() {
    let mut commands: Vec<(String, Vec<String>)> = Vec::new();
    for page in pages() {
        let blocks = page.in_language("sh").chain(page.in_language("yaml"));
        let found = blocks.flat_map(str::lines).filter_map(command);
        commands.extend(found.map(|command| (page.name.clone(), command)));
    }
    for path in ["action.yml", ".pre-commit-hooks.yaml", "packaging/gitlab.yml"] {
        let text = std::fs::read_to_string(top().join(path)).expect("the file can be read");
        commands.extend(
            text.lines()
                .filter_map(command)
                .map(|found| (path.to_owned(), found)),
        );
    }
    assert!(
        commands.len() > 15,
        "the documents show commands: {}",
        commands.len()
    );
    for (path, words) in commands {
        match Arguments::try_parse_from(&words) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::DisplayHelp => {}
            Err(error) => panic!("{path}: {}\n{error}", words.join(" ")),
        }
    }
}

/// What a program of another team answers.
const SNAPSHOT: &str = "# TYPE node_load1 gauge\nnode_load1 0.5\n";

/// A server that has one series.
fn answer(path: &str) -> Answer {
    if path.contains("/label/") {
        return Answer::json(r#"{"status":"success","data":["up"]}"#);
    }
    Answer::json(r#"{"status":"success","data":{}}"#)
}

/// The worked example before anybody configured promsight: committed, with a remote branch, a snapshot and another team's
/// inventory.
fn shop() -> Project {
    let project = trading_platform();
    std::fs::remove_file(project.path().join("promsight.yaml")).expect("the example has one");
    let project = project
        .repository()
        .file("scrapes/node.prom", SNAPSHOT)
        .file("deploy/scrapes/node.prom", SNAPSHOT)
        .commit("The platform");
    project.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    for path in ["fleet/shop.json", "shop.json", "readiness.json"] {
        let what = if path == "readiness.json" {
            "audit"
        } else {
            "metrics"
        };
        let project_run = project.run(&[what, "--format", "json"]);
        assert_eq!(project_run.code, 0, "{}", project_run.stderr);
        let location = project.path().join(path);
        std::fs::create_dir_all(location.parent().expect("it has one")).expect("folders can be made");
        std::fs::write(location, project_run.stdout).expect("files can be written");
    }
    project
}

#[test]
fn every_command_of_the_manual_does_its_work() {
    let server = FakeServer::start(answer);
    let mut ran = 0;
    for page in pages().into_iter().filter(|page| !page.commands().is_empty()) {
        let project = shop();
        for words in page.commands() {
            let filled_in = words[1..].iter().map(|word| {
                let mut entries = FILLED_IN.iter().filter(|(from, _)| from == word);
                match entries.next() {
                    Some((_, to)) => (*to).to_owned(),
                    None if word.starts_with("testdata/") => ".".to_owned(),
                    None if word.starts_with("https://") => server.address().to_owned(),
                    None => word.clone(),
                }
            });
            let arguments: Vec<String> = filled_in.collect();
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let output = project.run(&arguments);
            assert!(
                matches!(output.code, 0 | 1),
                "{}: {} ended with {}\n{}",
                page.name,
                words.join(" "),
                output.code,
                output.stderr
            );
            ran += 1;
        }
    }
    assert!(ran > 20, "the manual shows commands: {ran}");
}

#[test]
fn folders_of_this_repository_that_documents_name_exist() {
    for page in pages() {
        let words = page.in_language("sh").flat_map(str::split_whitespace);
        for path in words.filter(|word| word.starts_with("testdata/")) {
            assert!(top().join(path).exists(), "{}: {path}", page.name);
        }
    }
}

#[test]
fn the_output_that_the_readme_shows_is_what_comes_out() {
    let output = run_in(
        &top(),
        &["check", "testdata/trading-platform", "--color", "never"],
        &[],
    );
    let readme = page("README.md");
    let shown: Vec<&str> = readme.in_language("text").collect();
    assert_eq!(shown.len(), 1, "the README shows one output");
    for piece in shown[0].split("\n…\n") {
        assert!(
            output.stdout.contains(piece.trim()),
            "the README shows\n{piece}\nand this comes out\n{}",
            output.stdout
        );
    }
}

#[test]
fn every_documented_configuration_is_accepted() {
    let keys = ["include:", "external:", "sources:"];
    let mut accepted = 0;
    for page in pages() {
        let configurations = page
            .in_language("yaml")
            .filter(|text| keys.iter().any(|key| text.starts_with(key)));
        for configuration in configurations {
            let project = shop().file("promsight.yaml", configuration);
            let output = project.run(&["check"]);
            assert!(
                matches!(output.code, 0 | 1),
                "{}: {}\n{configuration}",
                page.name,
                output.stderr
            );
            accepted += 1;
        }
    }
    assert!(accepted >= 3, "the documents show configurations: {accepted}");
}

/// What the metrics of a program are called and expose.
fn metrics(program: &str) -> Vec<Value> {
    let project = Project::new().file("app.py", program);
    let output = project.run(&["metrics", "--format", "json"]);
    let report: Value = serde_json::from_str(&output.stdout).expect("it is JSON");
    let metrics = report["metrics"].as_array().expect("there is a list");
    let own = metrics
        .iter()
        .filter(|metric| metric["emitter"] == "prometheus_client");
    own.cloned().collect()
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_table_of_names_holds() {
    let naming = page("naming.md");
    let rows = naming.text.lines().filter_map(|line| {
        let (declared, exposes) = line.strip_prefix("| `")?.split_once("` | ")?;
        let (kind, name) = declared.strip_suffix("\")")?.split_once("(\"")?;
        Some((kind, name, exposes))
    });
    let mut held = 0;
    for (kind, name, exposes) in rows {
        let states = if kind == "Enum" { ", states=[\"on\"]" } else { "" };
        let program =
            format!("from prometheus_client import {kind}\n\nM = {kind}(\"{name}\", \"Help.\"{states})\n");
        let metrics = metrics(&program);
        assert_eq!(metrics.len(), 1, "{kind} {name}: {metrics:?}");
        let series = metrics[0]["series"].as_array().expect("there is a list");
        let mut series: Vec<&str> = series.iter().filter_map(Value::as_str).collect();
        series.sort_unstable();
        let mut shown: Vec<&str> = quoted(exposes);
        if kind == "Enum" {
            assert_eq!(shown.pop(), Some(name), "the label of the state is named last");
        }
        shown.sort_unstable();
        assert_eq!(series, shown, "{kind}(\"{name}\")");
        held += 1;
    }
    assert!(held >= 8, "the table has rows: {held}");
}

#[test]
fn constructor_calls_that_the_documents_show_make_the_names_beside_them() {
    let naming = page("naming.md");
    let mut held = 0;
    for line in naming.in_language("python").flat_map(str::lines) {
        let Some((call, name)) = line.split_once("  # ") else {
            continue;
        };
        let metrics = metrics(&format!("from prometheus_client import *\n\nM = {call}\n"));
        assert_eq!(metrics.len(), 1, "{call}: {metrics:?}");
        assert_eq!(metrics[0]["name"], name, "{call}");
        held += 1;
    }
    assert_eq!(held, 1, "the page shows a call");
}
