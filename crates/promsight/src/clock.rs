//! Today's date.

use std::time::{SystemTime, UNIX_EPOCH};

pub use promsight_model::Date;

/// The current day in UTC, so that a run gives the same result wherever it runs.
pub fn today() -> Date {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs());
    Date::from_days(i64::try_from(seconds / 86_400).unwrap_or_default())
}
