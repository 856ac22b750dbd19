//! Commands that deploy charts: they say with which values a chart runs.
//!
//! <https://helm.sh/docs/helm/helm_upgrade/>

use promsight_model::Span;
use promsight_model::launch::{ChartRelease, Setting, Word};

use super::builds::{behind_sign, first_text};

/// Options of helm that are followed by a value, beside those that are read.
const WITH_VALUE: [&str; 26] = [
    "--kube-context",
    "--kubeconfig",
    "--kube-apiserver",
    "--kube-as-group",
    "--kube-as-user",
    "--kube-ca-file",
    "--kube-token",
    "--registry-config",
    "--repository-cache",
    "--repository-config",
    "--timeout",
    "--version",
    "--username",
    "--password",
    "--ca-file",
    "--cert-file",
    "--key-file",
    "--keyring",
    "--history-max",
    "--description",
    "--post-renderer",
    "--post-renderer-args",
    "--labels",
    "-l",
    "--output",
    "-o",
];

/// The release that a command makes: `helm upgrade --install NAME CHART`, `helm install NAME CHART`.
pub(super) fn release(words: &[Word], span: Span) -> Option<ChartRelease> {
    let is_helm = |word: &Word| matches!(first_text(word).rsplit('/').next(), Some("helm" | "helm3"));
    let tool = words.iter().take(4).position(is_helm)?;
    let mut positional = Vec::new();
    let (mut namespace, mut values, mut settings) = (None, Vec::new(), Vec::new());
    let mut has_generated_name = false;
    let mut arguments = words[tool + 1..].iter();
    while let Some(word) = arguments.next() {
        let text = first_text(word);
        let (name, attached) = match text.split_once('=') {
            Some((name, _)) if text.starts_with("--") => (name, Some(behind_sign(word))),
            _ => (text, None),
        };
        let mut value = || attached.clone().or_else(|| arguments.next().cloned());
        match name {
            "-n" | "--namespace" => namespace = value(),
            "-f" | "--values" => values.extend(value()),
            "--set" => settings.extend(value().map(|word| (Setting::Typed, word))),
            "--set-string" | "--set-literal" => settings.extend(value().map(|word| (Setting::Text, word))),
            "--set-json" => settings.extend(value().map(|word| (Setting::Json, word))),
            "--set-file" => settings.extend(value().map(|word| (Setting::Content, word))),
            // The chart is that of a server, whatever it is called.
            "--repo" | "--dry-run" => return None,
            "-g" | "--generate-name" => has_generated_name = true,
            _ if WITH_VALUE.contains(&name) => {
                value();
            }
            _ if name.starts_with('-') => {}
            _ => positional.push(word.clone()),
        }
    }
    let mut positional = positional.into_iter();
    let verb = positional.next()?;
    if !matches!(first_text(&verb), "upgrade" | "install") {
        return None;
    }
    let (name, chart) = match (positional.next()?, positional.next()) {
        (chart, None) if has_generated_name => (None, chart),
        (name, Some(chart)) => (Some(name), chart),
        _ => return None,
    };
    Some(ChartRelease {
        name,
        chart,
        namespace,
        values,
        settings,
        span,
    })
}
