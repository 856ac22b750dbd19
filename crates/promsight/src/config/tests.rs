use std::path::Path;

use super::*;

fn config(text: &str) -> Config {
    parse(text, Path::new("promsight.yaml")).expect("the configuration is valid")
}

fn error(text: &str) -> String {
    parse(text, Path::new("promsight.yaml"))
        .expect_err("the configuration is not valid")
        .to_string()
}

#[test]
fn every_key_is_optional() {
    for text in ["", "# nothing yet\n", "{}", "ignore: []\n"] {
        let config = config(text);
        assert!(config.include.is_none());
        assert!(config.ignore.is_empty());
    }
}

#[test]
fn the_example_of_the_contract_is_understood() {
    let config = config(
        r#"
include: ["services/**", "deploy/**", "docs/**"]
exclude: ["docs/archive/**"]
external: ["redis_*", "kafka_consumer_*"]
ignore:
  - { check: unused-metric, subject: "debug_*", path: "**", reason: "kept for incidents", until: 2027-06-30 }
severity: { unused-metric: warning, blind-panel: error }
"#,
    );
    let include = config.include.expect("it is given");
    assert!(include.admit("services/a/b.py"));
    assert!(!include.admit("tools/a.py"));
    assert!(config.exclude.admit("docs/archive/2019/a.md"));
    assert!(
        config.exclude.admit("docs/archive"),
        "so that the walk need not enter it"
    );
    assert!(!config.exclude.admit("docs/a.md"));
    assert_eq!(config.external, ["redis_*", "kafka_consumer_*"]);
    let [ignore] = config.ignore.as_slice() else {
        panic!("there is one entry")
    };
    assert_eq!(ignore.check, "unused-metric");
    assert!(
        ignore
            .subject
            .as_ref()
            .is_some_and(|glob| glob.admits("debug_loops_total"))
    );
    assert!(
        ignore
            .path
            .as_ref()
            .is_some_and(|globs| globs.admit("a/b/c.py") && globs.admit("a.py"))
    );
    assert_eq!(ignore.until, Date::parse("2027-06-30"));
    assert_eq!(
        config.severity["unused-metric"],
        Level::Severity(Severity::Warning)
    );
}

#[test]
fn a_glob_without_stars_means_the_file_or_everything_below_the_folder() {
    let globs = ["./docs/archive/", "*.md"]
        .into_iter()
        .map(|glob| PathGlobs::new(glob).expect("it is a glob"))
        .collect::<PathGlobs>();
    assert!(globs.admit("docs/archive/old/a.txt"));
    assert!(globs.admit("README.md"));
    assert!(!globs.admit("docs/README.md"), "a star stays within its folder");
}

#[test]
fn an_unknown_key_is_an_error_with_a_suggestion() {
    assert_eq!(
        error("include: []\nexlude: []\n"),
        "promsight.yaml:2:1: unknown key `exlude`; did you mean `exclude`?"
    );
    assert_eq!(
        error("ignore:\n  - check: unused-metric\n    reson: x\n"),
        "promsight.yaml:3:5: unknown key `reson`; did you mean `reason`?"
    );
}

#[test]
fn errors_name_the_line_and_the_remedy() {
    assert_eq!(
        error("severity:\n  unused-metric: info\n  blind-alerts: error\n"),
        "promsight.yaml:3:3: severity: unknown check `blind-alerts`; did you mean `blind-alert`?"
    );
    assert_eq!(
        error("severity: { blind-alert: warn }\n"),
        "promsight.yaml:1:26: severity.blind-alert: unknown severity `warn`; did you mean `warning`?"
    );
    assert_eq!(
        error("ignore:\n  - { check: unused-metric, reason: x, until: next year }\n"),
        "promsight.yaml:2:47: ignore[0].until: `next year` is no day; write it as in 2027-06-30"
    );
    assert_eq!(
        error("ignore: [{ check: unused-metric, reason: ' ' }]\n"),
        "promsight.yaml:1:42: ignore[0].reason: the reason is empty; say why this may be ignored"
    );
    assert_eq!(
        error("external: ['redis_(.*)']\n"),
        "promsight.yaml:1:12: external[0]: `redis_(.*)` is no series name; write letters, digits, `_` and `:`, and \
         `*` for any characters"
    );
}

#[test]
fn an_ignore_entry_needs_a_reason() {
    assert_eq!(
        error("ignore: [{ check: unused-metric }]\n"),
        "promsight.yaml:1:10: ignore[0]: missing field `reason`"
    );
}

#[test]
fn text_that_is_no_yaml_is_an_error_with_its_place() {
    assert!(error("include: [\n").starts_with("promsight.yaml:2:1: "));
}

#[test]
fn a_missing_file_is_the_default_unless_it_was_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert!(load(folder.path(), None).is_ok());
    let named = folder.path().join("other.yaml");
    let error = load(folder.path(), Some(&named))
        .expect_err("it does not exist")
        .to_string();
    assert!(
        error.starts_with("cannot read the configuration ") && error.contains("other.yaml"),
        "{error}"
    );
}

#[test]
fn severities_depend_on_path_and_subject_and_the_last_that_fits_counts() {
    let config = config(
        "severity: { blind-panel: error }\noverrides:\n  - { path: labs, severity: info }\n  - { path: labs, check: blind-panel, \
         subject: \"old_*\", severity: off }\n",
    );
    let level = |check: &'static str, subject: &str, path: &str| {
        let finding = finding(check, subject);
        config.level(&finding, path)
    };
    assert_eq!(level("blind-panel", "old_x", "app/a.json"), Some(Severity::Error));
    assert_eq!(level("blind-panel", "new_x", "labs/a.json"), Some(Severity::Info));
    assert_eq!(level("blind-panel", "old_x", "labs/a.json"), None);
    assert_eq!(level("blind-alert", "old_x", "labs/a.yaml"), Some(Severity::Info));
    assert_eq!(
        level("blind-alert", "old_x", "app/a.yaml"),
        Some(Severity::Warning),
        "its own"
    );
}

#[test]
fn what_is_locked_cannot_be_switched_off() {
    assert_eq!(
        error("severity: { blind-alert: off }\nlocked: [blind-alert]\n"),
        "promsight.yaml:2:1: locked: `blind-alert` is switched off elsewhere in this file; do one or the other"
    );
    let config = config("locked: [blind-alert]\noverrides: [{ path: labs, severity: off }]\n");
    assert_eq!(
        config.level(&finding("blind-alert", "x"), "labs/a.yaml"),
        Some(Severity::Warning)
    );
    assert_eq!(config.level(&finding("blind-panel", "x"), "labs/a.yaml"), None);
}

fn finding(check: &'static str, subject: &str) -> Finding {
    Finding {
        check,
        severity: Severity::Warning,
        confidence: promsight_model::Confidence::High,
        subject: subject.to_owned(),
        reason: None,
        consumer: None,
        message: String::new(),
        primary: promsight_model::Span::new(FileId(0), 0..0),
        label: String::new(),
        cause: None,
        related: Vec::new(),
        notes: Vec::new(),
        suggestion: None,
        fingerprint: promsight_model::Fingerprint(0),
        owner: None,
    }
}
