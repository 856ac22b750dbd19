//! The places that each format names, read back as its readers do.

use promsight_report::Format;
use serde_json::Value;

/// Reads the places of a report.
type Reader = fn(&str) -> Vec<String>;

/// How to read a format's places as `path:line:column`, in the order of the findings.
pub(crate) const READERS: &[(Format, Reader)] = &[
    (Format::Sarif, in_sarif),
    (Format::Github, in_github),
    (Format::Gitlab, in_gitlab),
    (Format::Junit, in_junit),
    (Format::Markdown, in_markdown_by_place),
    (Format::Html, in_html),
];

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("it is a text")
}

fn in_sarif(sarif: &str) -> Vec<String> {
    let log = parsed(sarif);
    let results = log["runs"][0]["results"].as_array().expect("there are results");
    results
        .iter()
        .map(|result| {
            let place = &result["locations"][0]["physicalLocation"];
            let region = &place["region"];
            format!(
                "{}:{}:{}",
                text(&place["artifactLocation"]["uri"]),
                region["startLine"],
                region["startColumn"]
            )
        })
        .collect()
}

/// Annotations, and the plain lines of what GitHub would not show.
fn in_github(log: &str) -> Vec<String> {
    let place = |line: &str| {
        if let Some(command) = line.strip_prefix("::") {
            let property = |name: &str| {
                let from = command.find(&format!("{name}="))? + name.len() + 1;
                let end = command[from..].find([',', ':'])?;
                Some(command[from..from + end].replace("%3A", ":").replace("%2C", ","))
            };
            return Some(format!(
                "{}:{}:{}",
                property("file")?,
                property("line")?,
                property("col")?
            ));
        }
        if line.starts_with("promsight: ") {
            return None;
        }
        Some(line.split(": ").next()?.to_owned())
    };
    log.lines().filter_map(place).collect()
}

fn in_gitlab(report: &str) -> Vec<String> {
    let issues = parsed(report);
    let issues = issues.as_array().expect("there are issues");
    issues
        .iter()
        .map(|issue| {
            let location = &issue["location"];
            let begin = &location["positions"]["begin"];
            assert_eq!(location["lines"]["begin"], begin["line"]);
            format!(
                "{}:{}:{}",
                text(&location["path"]),
                begin["line"],
                begin["column"]
            )
        })
        .collect()
}

/// Cases stand by check; their fingerprints are all the same here, so that their order is brought back by place.
fn in_junit(xml: &str) -> Vec<String> {
    let mut places: Vec<(usize, String)> = Vec::new();
    let attribute = |line: &str, name: &str| {
        let from = line.find(&format!(" {name}=\"")).expect("it has the attribute") + name.len() + 3;
        let end = line[from..].find('"').expect("it ends");
        line[from..from + end].to_owned()
    };
    let mut lines = xml.lines();
    while let Some(line) = lines.next() {
        if !line.contains("<testcase ") || line.ends_with("/>") {
            continue;
        }
        let (path, number) = (attribute(line, "file"), attribute(line, "line"));
        let outcome = lines.next().expect("a case with an end has an outcome");
        let message = attribute(outcome, "message");
        let place = message.split(": ").next().expect("there is a place").to_owned();
        assert!(place.starts_with(&format!("{path}:{number}:")), "{place}");
        places.push((places.len(), place));
    }
    places.sort_by_key(|(index, place)| (super::order_of(place), *index));
    places.into_iter().map(|(_, place)| place).collect()
}

/// The table begins with the worst; the order is brought back by place.
fn in_markdown_by_place(page: &str) -> Vec<String> {
    let mut places = in_markdown(page);
    places.sort_by_key(|place| super::order_of(place));
    places
}

pub(crate) fn in_markdown(page: &str) -> Vec<String> {
    page.lines()
        .filter(|line| {
            line.starts_with("| error |") || line.starts_with("| warning |") || line.starts_with("| info |")
        })
        .map(|line| {
            let cell = line.split(" | ").nth(2).expect("the third cell is the place");
            cell.trim_matches('`').to_owned()
        })
        .collect()
}

/// The page groups by check, the worst first; the order is brought back by place.
fn in_html(page: &str) -> Vec<String> {
    let mut places: Vec<(usize, String)> = page
        .split("<p class=\"place\"><code>")
        .skip(1)
        .map(|rest| rest.split("</code>").next().expect("it ends").to_owned())
        .enumerate()
        .collect();
    places.sort_by_key(|(index, place)| (super::order_of(place), *index));
    places.into_iter().map(|(_, place)| place).collect()
}
