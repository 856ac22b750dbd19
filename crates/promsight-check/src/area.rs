//! Which part of a service's observability the findings of a check concern.

use promsight_model::Area;

/// The area of a check's findings that speak of no consumer; where one looks, its kind decides.
pub(crate) fn of(check: &str) -> Area {
    match check {
        "not-exposed" => Area::Exposition,
        "not-scraped"
        | "blocked-scrape"
        | "dead-target"
        | "invalid-scrape-config"
        | "unloaded-jobs"
        | "orphan-manifest"
        | "broken-kustomization" => Area::Scraping,
        "conflicting-rule" | "unselected-rules" | "unused-record" | "blind-alert" | "blind-record"
        | "blind-trigger" | "invalid-query" => Area::Rules,
        "blind-panel" => Area::Dashboards,
        "missing-runbook" | "blind-runbook" | "blind-script" => Area::Runbooks,
        "unknown-alert" => Area::AlertRouting,
        _ => Area::Instrumentation,
    }
}
