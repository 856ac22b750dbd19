//! Wording that several checks share.

use promsight_model::{
    Consumer, ConsumerKind, Finding, FindingConsumer, Fingerprint, Related, ResolvedBy, Severity, Span,
};
use promsight_resolve::deep::{Closed, ConditionGround};
use promsight_resolve::{Namer, Reference};

/// A finding with everything that a check does not decide left at its start: the sink gives it its check's severity, or its own
/// where that is milder, and its fingerprint.
pub(crate) fn finding(check: &'static str, primary: Span, subject: String, message: String) -> Finding {
    Finding {
        check,
        severity: Severity::Error,
        confidence: promsight_model::Confidence::High,
        subject,
        reason: None,
        consumer: None,
        message,
        primary,
        label: String::new(),
        cause: None,
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

/// `1 value`, `2 values`.
pub(crate) fn count(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}

/// Who names an alert or a label of alerts, in words.
pub(crate) fn namer(named_by: &Namer) -> String {
    match named_by {
        Namer::Consumer(consumer) => who(consumer),
        Namer::Route(Some(receiver)) => format!("the route to `{receiver}`"),
        Namer::Route(None) => "a route".to_owned(),
        Namer::Inhibition => "an inhibition".to_owned(),
        Namer::RuleTest => "a unit test".to_owned(),
    }
}

/// The consumer among those who name alerts.
pub(crate) fn naming_consumer(named_by: &Namer) -> Option<FindingConsumer> {
    match named_by {
        Namer::Consumer(known) => Some(consumer(known)),
        Namer::Route(_) | Namer::Inhibition | Namer::RuleTest => None,
    }
}

/// What a comparison has before it, as a clause: what it compares with 5 is only ever 0 or 1.
pub(crate) fn compared(ground: &ConditionGround) -> String {
    let ConditionGround::Values {
        threshold,
        least,
        greatest,
        values,
        ..
    } = ground
    else {
        return String::new();
    };
    let is = match values.as_slice() {
        [only] => format!("always {only}"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(f64::to_string).collect();
            format!("only ever {} or {last}", first.join(", "))
        }
        [] if greatest.is_infinite() => format!("never less than {least}"),
        [] if least.is_infinite() => format!("never more than {greatest}"),
        [] => format!("always between {least} and {greatest}"),
    };
    format!("what it compares with {threshold} is {is}")
}

/// Where the code gives a metric the values that decide a comparison.
pub(crate) fn values_declared(ground: &ConditionGround) -> Option<Related> {
    let ConditionGround::Values {
        declared: Some(span), ..
    } = ground
    else {
        return None;
    };
    Some(Related {
        span: *span,
        message: "the code gives it no other value".to_owned(),
    })
}

/// That an alert, or a side of its `or`, never holds, as a clause.
pub(crate) fn closed(closed: Closed, who: &str) -> String {
    match closed {
        Closed::Whole => format!("{who} can never fire"),
        Closed::Side => format!("one side of `or` in {who} never holds"),
    }
}
