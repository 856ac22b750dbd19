//! Which files a run reads, and what becomes of those that it cannot.

use std::collections::BTreeSet;

use crate::project::Project;

/// A rule file whose alert has the name.
fn rules(alert: &str) -> String {
    format!("groups:\n  - name: shop\n    rules:\n      - alert: {alert}\n        expr: shop_open == 0\n")
}

/// The alerts that a run sees.
fn alerts(project: &Project, arguments: &[&str]) -> BTreeSet<String> {
    let output = project.run(&[&["references", "--format", "json"], arguments].concat());
    let value: serde_json::Value = serde_json::from_str(&output.stdout).expect("it is JSON");
    let references = value["references"].as_array().expect("there is a list");
    references
        .iter()
        .map(|reference| {
            reference["consumer"]["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn hidden_ignored_and_installed_files_are_left_out() {
    let project = Project::new()
        .file("seen.yaml", &rules("Seen"))
        .file(".hidden/a.yaml", &rules("Hidden"))
        .file(".gitignore", "build/\n*.draft.yaml\n")
        .file("build/a.yaml", &rules("Built"))
        .file("deep/a.draft.yaml", &rules("Draft"))
        .file("node_modules/x/a.yaml", &rules("Installed"))
        .file("lib/python3.12/site-packages/x/a.yaml", &rules("Package"))
        .file("py/pyvenv.cfg", "home = /usr\n")
        .file("py/share/a.yaml", &rules("Environment"));
    assert_eq!(alerts(&project, &[]), names(&["Seen"]));
    assert_eq!(
        alerts(&project, &["build"]),
        names(&["Built"]),
        "a named folder is read, whatever ignores it"
    );
    assert_eq!(
        alerts(&project, &["deep/a.draft.yaml"]),
        names(&["Draft"]),
        "and so is a named file"
    );
}

#[test]
fn the_configuration_includes_and_excludes() {
    let project = Project::new()
        .file(
            "promsight.yaml",
            "include: [\"deploy/**\", docs]\nexclude: [deploy/old]\n",
        )
        .file("deploy/a.yaml", &rules("Deployed"))
        .file("deploy/old/a.yaml", &rules("Old"))
        .file("docs/a.yaml", &rules("Documented"))
        .file("other/a.yaml", &rules("Other"));
    assert_eq!(alerts(&project, &[]), names(&["Deployed", "Documented"]));
    assert_eq!(
        alerts(&project, &["deploy", "other"]),
        names(&["Deployed"]),
        "globs are relative to the root"
    );
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_followed_inside_the_root_only() {
    use std::os::unix::fs::symlink;
    let outside = Project::new().file("a.yaml", &rules("Outside"));
    let project = Project::new()
        .file("shared/a.yaml", &rules("Shared"))
        .file("service/b.yaml", &rules("Service"));
    let link = |target: &std::path::Path, name: &str| {
        symlink(target, project.path().join(name)).expect("links can be made");
    };
    link(&project.path().join("shared"), "service/shared");
    link(&project.path().join("service"), "service/itself");
    link(outside.path(), "service/outside");
    link(&outside.path().join("a.yaml"), "service/c.yaml");
    link(std::path::Path::new("nowhere"), "service/broken.yaml");
    assert_eq!(alerts(&project, &["service"]), names(&["Service", "Shared"]));
    let output = project.run(&["references"]);
    assert_eq!(
        output.stdout.matches("alert Shared").count(),
        1,
        "a file reached twice is read once"
    );
}

#[test]
fn paths_are_shown_as_the_terminal_can_open_them() {
    let project = Project::new()
        .file("deploy/a.yaml", &rules("A"))
        .file("docs/b.md", "# B\n");
    let folder = project.path().join("docs");
    let mut command = assert_cmd::Command::cargo_bin("promsight").expect("cargo has built the program");
    let output = command
        .current_dir(folder)
        .args(["references", "../deploy"])
        .output()
        .expect("it starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.starts_with("../deploy/a.yaml:5:15: "), "{stdout}");
}

#[test]
fn text_in_other_encodings_is_read() {
    let utf16: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(rules("Wide").encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let with_mark = [b"\xEF\xBB\xBF", rules("Marked").as_bytes()].concat();
    let project = Project::new()
        .bytes("wide.yaml", &utf16)
        .bytes("marked.yaml", &with_mark);
    assert_eq!(alerts(&project, &[]), names(&["Marked", "Wide"]));
}

#[test]
fn a_file_in_no_known_encoding_is_reported_and_still_read() {
    let damaged = [rules("Damaged").as_bytes(), b"# caf\xE9\n"].concat();
    let project = Project::new().bytes("rules.yaml", &damaged);
    assert_eq!(alerts(&project, &[]), names(&["Damaged"]));
    let output = project.run(&["check", "--format", "table"]);
    assert!(output.stdout.contains("unreadable-file"), "{}", output.stdout);
    let json = project.run(&["check", "--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&json.stdout).expect("it is JSON");
    assert_eq!(value["coverage"]["files"]["unreadable"], 1);
    assert_eq!(value["gaps"][0]["kind"], "encoding");
}

#[test]
fn binary_files_are_no_concern() {
    let project = Project::new()
        .file("rules.yaml", &rules("A"))
        .bytes("data.json", b"\x00\x01\x02");
    let output = project.run(&["check", "--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&output.stdout).expect("it is JSON");
    assert_eq!(value["gaps"], serde_json::json!([]));
}

#[test]
fn the_rules_of_a_chart_say_which_templates_it_has() {
    let configuration = |job: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {job}}}\ndata:\n  prometheus.yml: |\n    scrape_configs:\n      - job_name: {job}-{{{{ .Release.Name }}}}\n        static_configs: [{{targets: [\"{job}:9090\"]}}]\n"
        )
    };
    let project = Project::new()
        .file("chart/Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n")
        .file("chart/.helmignore", "*.old.yaml\n")
        .file("chart/templates/new.yaml", &configuration("new"))
        .file("chart/templates/gone.old.yaml", &configuration("old"));
    let shown = project.run(&["targets"]).stdout;
    assert!(shown.contains("new-${release-name}"), "{shown}");
    assert!(!shown.contains("old-${release-name}"), "{shown}");
}
