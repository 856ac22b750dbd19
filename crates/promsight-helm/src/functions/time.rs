//! Moments. Rendering must give the same on every day, so that now is always the same moment.

use std::rc::Rc;

use super::{Arguments, Entry};
use crate::data::{Data, Object};
use crate::evaluate::{Evaluator, Outcome};

/// What `now` gives: 2025-01-01T00:00:00Z.
const NOW: i64 = 1_735_689_600;

const DAY: i64 = 86_400;

pub(super) const FUNCTIONS: &[Entry] = &[
    ("now", "", |_, _| Ok(moment(NOW))),
    ("date", "sa", |_, arguments| {
        Ok(format(&arguments.text(0), seconds(arguments.any(1))).into())
    }),
    ("dateInZone", "sas", in_zone),
    ("date_in_zone", "sas", in_zone),
    ("htmlDate", "a", |_, arguments| {
        Ok(format("2006-01-02", seconds(arguments.any(0))).into())
    }),
    ("htmlDateInZone", "as", |_, arguments| {
        Ok(format("2006-01-02", seconds(arguments.any(0))).into())
    }),
    ("unixEpoch", "t", |_, arguments| {
        Ok(seconds(arguments.any(0)).to_string().into())
    }),
    ("dateModify", "st", modify),
    ("date_modify", "st", modify),
    ("mustDateModify", "st", modify),
    ("must_date_modify", "st", modify),
    ("toDate", "ss", |_, arguments| {
        Ok(moment(parse(&arguments.text(0), &arguments.text(1))))
    }),
    ("mustToDate", "ss", |_, arguments| {
        Ok(moment(parse(&arguments.text(0), &arguments.text(1))))
    }),
    ("ago", "a", |_, arguments| {
        Ok(duration(NOW.saturating_sub(seconds(arguments.any(0)))).into())
    }),
    ("duration", "a", |_, arguments| {
        let seconds = match arguments.any(0) {
            Data::Text(text) => text.parse().unwrap_or_default(),
            Data::Long(number) => *number,
            _ => 0,
        };
        Ok(duration(seconds).into())
    }),
    ("durationRound", "a", |_, arguments| {
        let seconds = match arguments.any(0) {
            Data::Text(text) => seconds_of_duration(text).unwrap_or_default(),
            Data::Long(nanoseconds) => nanoseconds / 1_000_000_000,
            Data::Object(_) => NOW.saturating_sub(seconds(arguments.any(0))),
            _ => 0,
        };
        let units = [
            (365 * DAY, "y"),
            (30 * DAY, "mo"),
            (DAY, "d"),
            (3600, "h"),
            (60, "m"),
            (1, "s"),
        ];
        let seconds = seconds.saturating_abs();
        let found = units.iter().find(|(unit, _)| seconds > *unit);
        let text = found.map_or_else(
            || "0s".to_owned(),
            |(unit, name)| format!("{}{name}", seconds / unit),
        );
        Ok(text.into())
    }),
];

fn moment(seconds: i64) -> Data {
    Data::Object(Rc::new(Object::Time(seconds)))
}

fn seconds(value: &Data) -> i64 {
    match value {
        Data::Int(seconds) | Data::Long(seconds) => *seconds,
        Data::Object(object) => match **object {
            Object::Time(seconds) => seconds,
            _ => NOW,
        },
        _ => NOW,
    }
}

fn in_zone(_: &mut Evaluator, arguments: &Arguments) -> Outcome {
    Ok(format(&arguments.text(0), seconds(arguments.any(1))).into())
}

fn modify(_: &mut Evaluator, arguments: &Arguments) -> Outcome {
    let added = seconds_of_duration(&arguments.text(0)).unwrap_or_default();
    Ok(moment(seconds(arguments.any(1)).saturating_add(added)))
}

/// `time.ParseDuration` in whole seconds.
fn seconds_of_duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !(character.is_ascii_digit() || character == '.'))?;
        let number: f64 = rest[..digits].parse().ok()?;
        let behind = &rest[digits..];
        let length = behind
            .find(|character: char| character.is_ascii_digit() || character == '.')
            .unwrap_or(behind.len());
        total += number
            * match &behind[..length] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = &behind[length..];
    }
    Some(crate::data::truncated(sign * total))
}

/// `time.Duration`'s text for whole seconds.
fn duration(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let seconds = seconds.saturating_abs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{rest}s"),
        (0, _) => format!("{sign}{minutes}m{rest}s"),
        _ => format!("{sign}{hours}h{minutes}m{rest}s"),
    }
}

/// Year, month and day of a day since 1970 (Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The year of a moment.
pub(crate) fn year(seconds: i64) -> i64 {
    civil(seconds.div_euclid(DAY)).0
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = [
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
];

/// What stands in Go's layouts, longer words first.
const PARTS: [&str; 27] = [
    "January", "Monday", "2006", "Z07:00", "-07:00", "Z0700", "-0700", "MST", "Jan", "Mon", "002", "01",
    "02", "03", "04", "05", "06", "15", "PM", "pm", "-07", "_2", "1", "2", "3", "4", "5",
];

/// `time.Format` in UTC.
pub(crate) fn format(layout: &str, seconds: i64) -> String {
    let day = seconds.div_euclid(DAY);
    let of_day = seconds.rem_euclid(DAY);
    let (year, month, date) = civil(day);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let name =
        |names: &[&'static str], index: i64| names[usize::try_from(index).unwrap_or_default() % names.len()];
    let (month_name, weekday) = (name(&MONTHS, month - 1), name(&WEEKDAYS, day.rem_euclid(7)));
    let hour_of_half = if hour % 12 == 0 { 12 } else { hour % 12 };
    let mut out = String::new();
    let mut rest = layout;
    while let Some(first) = rest.chars().next() {
        let Some(part) = PARTS.iter().find(|part| rest.starts_with(**part)) else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        out.push_str(&match *part {
            "January" => month_name.to_owned(),
            "Jan" => month_name[..3].to_owned(),
            "Monday" => weekday.to_owned(),
            "Mon" => weekday[..3].to_owned(),
            "2006" => format!("{year:04}"),
            "06" => format!("{:02}", year % 100),
            "01" => format!("{month:02}"),
            "1" => month.to_string(),
            "02" => format!("{date:02}"),
            "_2" => format!("{date:2}"),
            "2" => date.to_string(),
            "002" => format!("{:03}", day - days(year, 1, 1) + 1),
            "15" => format!("{hour:02}"),
            "03" => format!("{hour_of_half:02}"),
            "3" => hour_of_half.to_string(),
            "04" => format!("{minute:02}"),
            "4" => minute.to_string(),
            "05" => format!("{second:02}"),
            "5" => second.to_string(),
            "PM" => if hour < 12 { "AM" } else { "PM" }.to_owned(),
            "pm" => if hour < 12 { "am" } else { "pm" }.to_owned(),
            "MST" => "UTC".to_owned(),
            "Z07:00" | "Z0700" => "Z".to_owned(),
            "-07:00" => "+00:00".to_owned(),
            "-0700" => "+0000".to_owned(),
            _ => "+00".to_owned(),
        });
        rest = &rest[part.len()..];
    }
    out
}

/// `time.Parse` for layouts of numbers; 1970 where the text is not of the layout.
fn parse(layout: &str, text: &str) -> i64 {
    let (mut year, mut month, mut date, mut hour, mut minute, mut second) = (1970, 1, 1, 0, 0, 0);
    let (mut layout, mut text) = (layout, text);
    while let Some(first) = layout.chars().next() {
        let fields = ["2006", "01", "02", "15", "04", "05"];
        let Some(part) = fields.iter().find(|part| layout.starts_with(**part)) else {
            match text.strip_prefix(first) {
                Some(rest) => text = rest,
                None => return 0,
            }
            layout = &layout[first.len_utf8()..];
            continue;
        };
        let Some(number) = text
            .get(..part.len())
            .and_then(|digits| digits.parse::<i64>().ok())
        else {
            return 0;
        };
        match *part {
            "2006" => year = number,
            "01" => month = number.clamp(1, 12),
            "02" => date = number.clamp(1, 31),
            "15" => hour = number,
            "04" => minute = number,
            _ => second = number,
        }
        text = &text[part.len()..];
        layout = &layout[part.len()..];
    }
    days(year, month, date) * DAY + hour * 3600 + minute * 60 + second
}
