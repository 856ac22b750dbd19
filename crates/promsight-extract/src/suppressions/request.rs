//! How a request to hide findings is worded: `promsight: ignore[check, check] reason until=2027-01-31`, and the
//! comments of pint (cloudflare/pint 0.7x: `disable`, `snooze`, `file/…`, `ignore/…`, `rule/set`).

use std::ops::Range;

use promsight_model::{Asked, Date};

/// A request as written.
pub(super) struct Request {
    /// From its first word to its end.
    pub(super) range: Range<usize>,
    /// The places of the checks' names, for promsight's own; else see `asked`.
    pub(super) checks: Option<Vec<Range<usize>>>,
    pub(super) asked: Asked,
    pub(super) reason: String,
    pub(super) until: Option<Date>,
    pub(super) area: Area,
    pub(super) malformed: Option<String>,
}

/// How far a request reaches.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Area {
    /// What it stands on or above.
    Place,
    File,
    Begin,
    End,
}

const FORM: &str = "write `promsight: ignore[CHECK] REASON`";

/// First words of what was meant as a request, though it is none.
const SLIPS: &[&str] = &["ignore", "disable", "suppress", "silence", "noqa"];

/// The request in a comment's text; `None` where the comment speaks of something else.
pub(super) fn read(text: &str, body: Range<usize>, with_pint: bool) -> Option<Request> {
    let comment = text.get(body.clone())?;
    if let Some(rest) = comment.strip_prefix(super::OWN) {
        return own(body.clone(), rest);
    }
    if !with_pint {
        return None;
    }
    pint(body.clone(), comment.strip_prefix(super::PINT)?)
}

fn own(body: Range<usize>, rest: &str) -> Option<Request> {
    let words = rest.trim_start();
    if !SLIPS.iter().any(|slip| words.starts_with(slip)) {
        return None;
    }
    let mut request = Request {
        range: body.clone(),
        checks: Some(Vec::new()),
        asked: Asked::Everything,
        reason: String::new(),
        until: None,
        area: Area::Place,
        malformed: None,
    };
    let bracketed = words
        .strip_prefix("ignore")
        .and_then(|rest| rest.trim_start().strip_prefix('['))
        .and_then(|rest| rest.split_once(']'));
    let Some((names, tail)) = bracketed else {
        request.malformed = Some(format!("it is not understood; {FORM}"));
        return Some(request);
    };
    // Both are pieces of the comment, and `tail` ends where it does.
    let names_start = body.end - tail.len() - 1 - names.len();
    let checks = ranges_of_names(names, names_start);
    if checks.is_empty() {
        request.malformed = Some(format!("it names no check; {FORM}"));
    }
    request.checks = Some(checks);
    match reason_and_day(tail) {
        Ok((reason, until)) => {
            if reason.is_empty() && request.malformed.is_none() {
                request.malformed = Some("it gives no reason; say why behind the bracket".to_owned());
            }
            request.reason = reason;
            request.until = until;
        }
        Err(problem) => request.malformed = Some(problem),
    }
    Some(request)
}

fn ranges_of_names(names: &str, start: usize) -> Vec<Range<usize>> {
    let mut at = start;
    names
        .split(',')
        .filter_map(|part| {
            let from = at + (part.len() - part.trim_start().len());
            at += part.len() + 1;
            let name = part.trim();
            (!name.is_empty()).then_some(from..from + name.len())
        })
        .collect()
}

fn reason_and_day(tail: &str) -> Result<(String, Option<Date>), String> {
    let mut until = None;
    let mut words = Vec::new();
    for word in tail.split_whitespace() {
        let bare = word.trim_matches(['(', ')', ',', ';', '.']);
        let Some(day) = bare.strip_prefix("until=") else {
            words.push(word);
            continue;
        };
        let day = day.trim_matches('"');
        until = Some(
            Date::parse(day).ok_or_else(|| format!("`{day}` is no day; write it as in until=2027-06-30"))?,
        );
    }
    let reason = words.join(" ");
    let reason = reason.trim_start_matches(['-', '–', '—', ':', ' ']);
    Ok((reason.to_owned(), until))
}

fn pint(range: Range<usize>, rest: &str) -> Option<Request> {
    let (verb, arguments) = match rest.trim().split_once(char::is_whitespace) {
        Some((verb, arguments)) => (verb, arguments.trim()),
        None => (rest.trim(), ""),
    };
    let mut request = Request {
        range,
        checks: None,
        asked: Asked::Everything,
        reason: String::new(),
        until: None,
        area: Area::Place,
        malformed: None,
    };
    match verb {
        "disable" | "file/disable" => request.asked = pint_check(arguments)?,
        "snooze" | "file/snooze" => {
            let (day, check) = arguments.split_once(char::is_whitespace)?;
            // A day, or a moment of it (`2027-01-31T10:00:00Z`).
            request.until = Some(Date::parse(day.get(..10)?)?);
            request.asked = pint_check(check.trim())?;
        }
        "rule/set" | "file/set" => {
            let (check, option) = arguments.split_once(char::is_whitespace)?;
            if !option.trim_start().starts_with("ignore/label-value") {
                return None;
            }
            let Asked::Pint { check, metric } = pint_check(check)? else {
                return None;
            };
            request.asked = Asked::Pint {
                check: format!("{check} ignore/label-value"),
                metric,
            };
        }
        "ignore/line" | "ignore/next-line" => {}
        "ignore/file" => request.area = Area::File,
        "ignore/begin" => request.area = Area::Begin,
        "ignore/end" => request.area = Area::End,
        _ => return None,
    }
    if verb.starts_with("file/") {
        request.area = Area::File;
    }
    Some(request)
}

/// `promql/series`, `promql/series(name)`, `promql/series(name{label="value"})`.
fn pint_check(text: &str) -> Option<Asked> {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (check, metric) = match text.find('(').filter(|open| *open < end) {
        Some(open) => {
            let close = text.rfind(')').filter(|close| *close > open)?;
            let selector = text.get(open + 1..close)?.trim();
            let name = selector.split_once('{').map_or(selector, |(name, _)| name.trim());
            // `{cluster="dev"}` alone: limited to what cannot be told apart here, so that it hides nothing.
            let name = if name.is_empty() { selector } else { name };
            (text.get(..open)?, Some(name.to_owned()))
        }
        None => (text.get(..end)?, None),
    };
    (!check.is_empty()).then(|| Asked::Pint {
        check: check.to_owned(),
        metric,
    })
}
