//! Which lists of built-in kinds are merged by keys.

use std::collections::BTreeMap;
use std::sync::LazyLock;

static RECORDED: LazyLock<Table> = LazyLock::new(|| Table::read(include_str!("merge_keys.txt")));

#[derive(Debug, Default)]
struct Table {
    kinds: BTreeMap<(&'static str, &'static str), &'static str>,
    fields: BTreeMap<&'static str, BTreeMap<&'static str, Field>>,
}

#[derive(Debug)]
struct Field {
    keys: Option<Vec<String>>,
    content: Option<&'static str>,
}

impl Table {
    fn read(text: &'static str) -> Self {
        let mut table = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&'static str> = line.split_ascii_whitespace().collect();
            match words[..] {
                ["kind", api_version, kind, content] => {
                    table.kinds.insert((api_version, kind), content);
                }
                [of, name, content] => {
                    let field = Field {
                        keys: None,
                        content: Some(content),
                    };
                    table.fields.entry(of).or_default().insert(name, field);
                }
                [of, name, keys, content] => {
                    let keys = keys.trim_matches(['[', ']']).split(',');
                    let keys = keys.filter(|key| !key.is_empty()).map(str::to_owned);
                    let field = Field {
                        keys: Some(keys.collect()),
                        content: (content != "-").then_some(content),
                    };
                    table.fields.entry(of).or_default().insert(name, field);
                }
                _ => {}
            }
        }
        table
    }
}

/// What is known of a place in an object.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    content: Option<&'static str>,
    field: Option<&'static Field>,
}

impl Place {
    /// The object itself; nothing is known of custom kinds.
    pub(crate) fn object(api_version: &str, kind: &str) -> Self {
        Self {
            content: RECORDED.kinds.get(&(api_version, kind)).copied(),
            field: None,
        }
    }

    /// A field of the mapping at this place.
    pub(crate) fn field(self, name: &str) -> Self {
        let fields = self.content.and_then(|content| RECORDED.fields.get(content));
        let field = fields.and_then(|fields| fields.get(name));
        match field {
            Some(field) if field.keys.is_some() => Self {
                content: None,
                field: Some(field),
            },
            Some(field) => Self {
                content: field.content,
                field: None,
            },
            None => Self::default(),
        }
    }

    /// The keys by which the list at this place is merged (none for a list of scalars); `None` where it is replaced.
    pub(crate) fn keys(self) -> Option<&'static [String]> {
        self.field?.keys.as_deref()
    }

    /// An item of the list at this place.
    pub(crate) fn item(self) -> Self {
        Self {
            content: self.field.and_then(|field| field.content),
            field: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_pods_are_merged_by_their_keys() {
        let template = Place::object("apps/v1", "Deployment")
            .field("spec")
            .field("template")
            .field("spec");
        let containers = template.field("containers");
        assert_eq!(containers.keys(), Some(&["name".to_owned()][..]));
        let ports = containers.item().field("ports").keys();
        assert_eq!(
            ports,
            Some(&["containerPort".to_owned(), "protocol".to_owned()][..])
        );
        assert_eq!(containers.item().field("args").keys(), None);
        assert_eq!(
            Place::object("apps/v1", "Deployment")
                .field("metadata")
                .field("finalizers")
                .keys(),
            Some(&[][..])
        );
    }

    #[test]
    fn nothing_is_known_of_custom_kinds() {
        let place = Place::object("example.org/v1", "Oven")
            .field("metadata")
            .field("finalizers");
        assert_eq!(place.keys(), None);
    }
}
