//! The JSON Schema of `promsight.yaml`, for editors that complete and check it. Written to `docs/` by
//! `cargo xtask generate`.

use promsight_check::CHECKS;
use serde_json::{Value, json};

/// The schema (JSON Schema, draft 2020-12) as text, ending in a line break.
pub fn text() -> String {
    // A value without keys other than texts always serialises.
    let mut text = serde_json::to_string_pretty(&schema()).unwrap_or_default();
    text.push('\n');
    text
}

fn schema() -> Value {
    let checks: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
    let paths = |description: &str| {
        json!({
            "description": description,
            "type": "array",
            "items": { "$ref": "#/$defs/path" },
        })
    };
    let files = |description: &str| json!({ "description": description, "type": "array", "items": { "type": "string" } });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "promsight.yaml",
        "description": "The configuration of promsight. Every key is optional.",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": {
            "include": paths("What is read; everything below the root where the key is missing."),
            "exclude": paths("What is not read."),
            "external": {
                "description": "Series that programs outside the tree emit; `*` stands for any characters.",
                "type": "array",
                "items": { "type": "string", "pattern": "^[A-Za-z0-9_:*]+$" },
            },
            "sources": {
                "description": "What says which series exist beside the tree.",
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "expositions": files("Snapshots of the exposition format: files or folders, relative to the root."),
                    "inventories": files("Inventories of other repositories: files or folders, relative to the root."),
                },
            },
            "ignore": {
                "description": "Findings to hide, each with the reason why.",
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["check", "reason"],
                    "properties": {
                        "check": { "$ref": "#/$defs/check" },
                        "subject": { "$ref": "#/$defs/subject" },
                        "path": { "$ref": "#/$defs/path" },
                        "reason": {
                            "description": "Why, for the one who reads this in a year.",
                            "type": "string",
                            "pattern": "\\S",
                        },
                        "until": {
                            "description": "The last day on which it hides anything.",
                            "type": "string",
                            "format": "date",
                        },
                    },
                },
            },
            "severity": {
                "description": "Severities other than the checks' own.",
                "type": "object",
                "propertyNames": { "$ref": "#/$defs/check" },
                "additionalProperties": { "$ref": "#/$defs/severity" },
            },
            "overrides": {
                "description": "Severities for a part of the tree; the last entry that fits counts.",
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["severity"],
                    "properties": {
                        "check": { "$ref": "#/$defs/check" },
                        "subject": { "$ref": "#/$defs/subject" },
                        "path": { "$ref": "#/$defs/path" },
                        "severity": { "$ref": "#/$defs/severity" },
                    },
                },
            },
            "locked": {
                "description": "Checks whose findings no comment and no entry of `ignore` can hide.",
                "type": "array",
                "items": { "$ref": "#/$defs/check" },
            },
        },
        "$defs": {
            "check": { "description": "The name of a check.", "enum": checks },
            "severity": { "description": "How bad; `off` reports nothing.", "enum": ["error", "warning", "info", "off"] },
            "path": {
                "description": "A glob over paths relative to the root. `*` stays within a folder, `**` does not.",
                "type": "string",
            },
            "subject": {
                "description": "A glob over what findings are about: series, metrics, alerts, files.",
                "type": "string",
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn keys(value: &Value) -> Vec<&str> {
        value
            .as_object()
            .map(|object| object.keys().map(String::as_str).collect())
            .unwrap_or_default()
    }

    /// The keys that the decoder says there are.
    fn known(text: &str) -> Vec<String> {
        let error = crate::config::parse(text, Path::new("promsight.yaml"))
            .expect_err("the key does not exist")
            .to_string();
        let (_, known) = error.split_once("there are: ").expect("it lists the keys");
        let mut known: Vec<String> = known.split(", ").map(str::to_owned).collect();
        known.sort();
        known
    }

    #[test]
    fn the_schema_has_the_keys_that_the_decoder_has() {
        let schema = schema();
        let properties = &schema["properties"];
        assert_eq!(keys(properties), known("zzzzzzzz: 1\n"));
        let sources = &properties["sources"]["properties"];
        assert_eq!(keys(sources), known("sources: { zzzzzzzz: 1 }\n"));
        let entry = |key: &str| &properties[key]["items"]["properties"];
        assert_eq!(keys(entry("ignore")), known("ignore: [{ zzzzzzzz: 1 }]\n"));
        assert_eq!(keys(entry("overrides")), known("overrides: [{ zzzzzzzz: 1 }]\n"));
    }

    #[test]
    fn every_severity_and_check_of_the_schema_is_understood() {
        let schema = schema();
        let words = |list: &Value| -> Vec<String> {
            let words = list.as_array().expect("a list").iter();
            words
                .map(|word| word.as_str().unwrap_or_default().to_owned())
                .collect()
        };
        for severity in words(&schema["$defs"]["severity"]["enum"]) {
            for check in words(&schema["$defs"]["check"]["enum"]) {
                let text = format!("severity: {{ {check}: {severity} }}\n");
                assert!(
                    crate::config::parse(&text, Path::new("promsight.yaml")).is_ok(),
                    "{text}"
                );
            }
        }
    }
}
