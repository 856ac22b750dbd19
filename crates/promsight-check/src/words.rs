//! Wording that several checks share.

use promsight_model::{
    Consumer, ConsumerKind, Finding, FindingConsumer, Fingerprint, ResolvedBy, Severity, Span,
};
use promsight_resolve::Reference;

/// A finding with everything that a check does not decide left at its start: the sink sets severity and fingerprint.
pub(crate) fn finding(check: &'static str, primary: Span, subject: String, message: String) -> Finding {
    Finding {
        check,
        severity: Severity::Info,
        confidence: promsight_model::Confidence::High,
        subject,
        reason: None,
        consumer: None,
        message,
        primary,
        label: String::new(),
        related: Vec::new(),
        notes: Vec::new(),
        suggestion: None,
        fingerprint: Fingerprint(0),
        owner: None,
    }
}

/// The consumer as a finding names it.
pub(crate) fn consumer(consumer: &Consumer) -> FindingConsumer {
    FindingConsumer {
        kind: consumer.kind,
        name: consumer.name.clone(),
        group: consumer.group.clone(),
    }
}

/// The consumer in words, at the beginning of a sentence's subject: alert `x`, panel `y` of dashboard `z`.
pub(crate) fn who(consumer: &Consumer) -> String {
    let named = |what: &str| {
        if consumer.name.is_empty() {
            let vowel = what.starts_with(['A', 'E', 'I', 'O', 'a', 'e', 'i', 'o']);
            format!("{} {what}", if vowel { "an" } else { "a" })
        } else {
            format!("{what} `{}`", consumer.name)
        }
    };
    let on_dashboard = |what: &str| match &consumer.group {
        Some(dashboard) if !dashboard.is_empty() => format!("{} of dashboard `{dashboard}`", named(what)),
        _ => named(what),
    };
    match consumer.kind {
        ConsumerKind::Alert => named("alert"),
        ConsumerKind::Record => named("recording rule"),
        ConsumerKind::Panel => on_dashboard("panel"),
        ConsumerKind::Variable => on_dashboard("variable"),
        ConsumerKind::Annotation => on_dashboard("annotation"),
        ConsumerKind::Runbook if consumer.name.is_empty() => "the document".to_owned(),
        ConsumerKind::Runbook => named("section"),
        ConsumerKind::Script if consumer.name.is_empty() => "the script".to_owned(),
        ConsumerKind::Script => format!("the script's `{}`", consumer.name),
        ConsumerKind::Trigger => named(consumer.group.as_deref().unwrap_or("trigger")),
    }
}

/// What outside of the tree gives a series, by name: `a, b`.
pub(crate) fn outside(reference: &Reference) -> String {
    let names = reference.resolved_by.iter().filter_map(|by| match by {
        ResolvedBy::Outside(name) => Some(name.as_str()),
        ResolvedBy::Site { .. } => None,
    });
    names.collect::<Vec<_>>().join(", ")
}
