//! Which name another is a slip of.

use promsight_model::Span;

/// What exporters and servers of monitoring itself are called: they are often installed by other means.
pub(super) fn is_well_known(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "exporter",
        "cadvisor",
        "kube-state-metrics",
        "pushgateway",
        "alertmanager",
        "grafana",
        "prometheus",
        "blackbox",
        "loki",
        "tempo",
        "otel",
        "collector",
    ];
    WORDS.iter().any(|word| name.contains(word))
}

/// The name that another is a slip of: the same with something before or behind it, or a few letters apart.
pub(super) fn closest<'n>(
    name: &str,
    others: impl Iterator<Item = (&'n str, Span)>,
) -> Option<(String, Span)> {
    let mut found: Vec<(usize, &str, Span)> = others
        // An exporter is not what it exports: `redis-exporter` is no slip of `redis`.
        .filter(|(other, _)| is_well_known(name) == is_well_known(other))
        .filter_map(|(other, span)| Some((likeness(name, other)?, other, span)))
        .collect();
    found.sort_unstable();
    let (_, other, span) = found.first()?;
    Some(((*other).to_owned(), *span))
}

/// How far two names are apart; `None` where neither is a slip of the other.
fn likeness(name: &str, other: &str) -> Option<usize> {
    if name == other {
        return None;
    }
    let plain = |text: &str| text.replace(['_', '.'], "-").to_ascii_lowercase();
    let (name, other) = (plain(name), plain(other));
    if name == other {
        return Some(0);
    }
    let (short, long) = if name.len() < other.len() {
        (&name, &other)
    } else {
        (&other, &name)
    };
    let is_affix = short.len() >= 3
        && (long
            .strip_prefix(short.as_str())
            .is_some_and(|rest| rest.starts_with('-'))
            || long
                .strip_suffix(short.as_str())
                .is_some_and(|rest| rest.ends_with('-')));
    if is_affix {
        return Some(1 + long.len() - short.len());
    }
    let distance = distance(&name, &other);
    (distance <= 2 && distance * 5 <= short.len()).then_some(1 + distance)
}

/// The number of letters to add, drop or change.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, character) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, other) in right.iter().enumerate() {
            let changed = diagonal + usize::from(character != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_the_same_name_with_an_affix_or_a_few_letters_apart() {
        for (name, other) in [
            ("till", "till-prod"),
            ("till", "dev-till"),
            ("order_service", "order-service"),
            ("recommendations", "recomendations"),
        ] {
            assert!(likeness(name, other).is_some(), "{name} {other}");
        }
        for (name, other) in [
            ("till", "bill"),
            ("till", "tills"),
            ("api", "apis"),
            ("a", "a-b"),
            ("cart", "card"),
        ] {
            assert!(likeness(name, other).is_none(), "{name} {other}");
        }
    }
}
