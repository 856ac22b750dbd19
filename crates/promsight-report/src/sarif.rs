//! SARIF 2.1.0, as code scanning reads it (OASIS standard of 27 March 2020).
//!
//! Columns count Unicode scalar values, which SARIF calls code points. Rules carry their whole page as help; a
//! suggestion that `--fix` would apply becomes a fix; the fingerprint goes to `partialFingerprints`, so that an alert stays the same one when
//! its line moves.

use promsight_model::{Finding, Report, Severity, Span, SuggestionKind};
use serde_json::{Value, json};

use crate::place::Places;
use crate::{json as own, words};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The key of our fingerprints; its version rises when they are made in another way.
const FINGERPRINT: &str = "promsightFinding/v1";

pub(crate) fn findings(report: &Report, places: &Places<'_>) -> String {
    let rules: Vec<Value> = report
        .checks
        .iter()
        .map(|check| {
            json!({
                "id": check.name,
                "name": pascal_case(check.name),
                "shortDescription": { "text": check.summary },
                "fullDescription": { "text": introduction(check.documentation, check.summary) },
                "help": { "text": check.documentation, "markdown": check.documentation },
                "defaultConfiguration": { "level": level(check.severity) },
                "properties": { "tags": ["observability", "prometheus"] },
            })
        })
        .collect();
    let results: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| result(finding, report, places))
        .collect();
    let notifications: Vec<Value> = report
        .notes
        .iter()
        .map(|note| json!({ "level": "note", "message": { "text": note.message } }))
        .collect();
    own::print(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "promsight",
                    "version": env!("CARGO_PKG_VERSION"),
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                },
            },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    }))
}

fn result(finding: &Finding, report: &Report, places: &Places<'_>) -> Value {
    let mut result = json!({
        "ruleId": finding.check,
        "level": level(finding.severity),
        "message": { "text": message(finding) },
        "locations": [{ "physicalLocation": location(finding.primary, places) }],
        "partialFingerprints": { FINGERPRINT: finding.fingerprint.to_string() },
        "properties": {
            "confidence": finding.confidence.word(),
            "subject": finding.subject,
        },
    });
    if let Some(index) = report.checks.iter().position(|check| check.name == finding.check) {
        result["ruleIndex"] = json!(index);
    }
    if report.comparison.is_some() {
        result["baselineState"] = json!("new");
    }
    if let Some(reason) = finding.reason {
        result["properties"]["reason"] = json!(reason.word());
    }
    if let Some(owner) = &finding.owner {
        result["properties"]["owner"] = json!(owner);
    }
    if !finding.related.is_empty() {
        let related = (1..).zip(&finding.related).map(|(id, related)| {
            json!({
                "id": id,
                "message": { "text": related.message },
                "physicalLocation": location(related.span, places),
            })
        });
        result["relatedLocations"] = related.collect();
    }
    // Viewers apply it at a click: only what `--fix` would do as well.
    if let (Some(replacement), Some(suggestion)) = (places.safe_replacement(finding), &finding.suggestion) {
        let text = match suggestion.kind {
            SuggestionKind::Value => format!("Write `{replacement}`"),
            _ => format!("Read the sample that exists, `{replacement}`"),
        };
        let place = location(finding.primary, places);
        result["fixes"] = json!([{
            "description": { "text": text },
            "artifactChanges": [{
                "artifactLocation": place["artifactLocation"],
                "replacements": [{
                    "deletedRegion": place["region"],
                    "insertedContent": { "text": replacement },
                }],
            }],
        }]);
    }
    result
}

/// The message and, as sentences behind it, the notes: viewers show nothing else of a result.
fn message(finding: &Finding) -> String {
    let mut text = words::one_line(&finding.message);
    for note in &finding.notes {
        text.push_str(". ");
        text.push_str(&words::one_line(note));
    }
    text
}

fn location(span: Span, places: &Places<'_>) -> Value {
    let place = places.place(span);
    json!({
        "artifactLocation": { "uri": uri(place.path), "uriBaseId": "%SRCROOT%" },
        "region": {
            "startLine": place.start.line,
            "startColumn": place.start.column,
            "endLine": place.end.line,
            "endColumn": place.end.column,
        },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// A relative path as a URI reference (RFC 3986): what is no unreserved character of a path is percent-encoded.
pub(crate) fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

/// `blind-alert` as `BlindAlert`.
fn pascal_case(name: &str) -> String {
    name.split('-')
        .map(|word| {
            let mut characters = word.chars();
            let first = characters.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(characters).collect::<String>()
        })
        .collect()
}

/// The first paragraph below a page's heading.
fn introduction(page: &str, otherwise: &str) -> String {
    let mut paragraphs = page.split("\n\n").map(str::trim);
    let paragraph = paragraphs.find(|paragraph| !paragraph.is_empty() && !paragraph.starts_with('#'));
    words::one_line(paragraph.unwrap_or(otherwise))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("../a b/ä#.py"), "../a%20b/%C3%A4%23.py");
    }

    #[test]
    fn rules_have_a_name_and_an_introduction() {
        assert_eq!(pascal_case("blind-alert"), "BlindAlert");
        assert_eq!(
            introduction("# a\n\nReports\nthis.\n\n## Why\n", "x"),
            "Reports this."
        );
        assert_eq!(introduction("# a\n", "x"), "x");
    }
}
