//! Names that follow the objects that they name.

use std::collections::BTreeMap;

use promsight_model::Span;
use promsight_model::manifest::{Content, Value};

use super::edit;
use super::fields::{FieldSpec, Fields, Missing, visit};
use super::problems::Problems;
use super::resource::{Gvk, Id, Resource};

/// Gives every name of another object that a field holds the name that the object has now.
pub(crate) fn follow(resources: &mut [Resource], fields: &Fields, problems: &mut Problems) {
    let referrals = Referrals::of(resources);
    if referrals.by_name.is_empty() {
        return;
    }
    for (index, resource) in resources.iter_mut().enumerate() {
        let kinds = resource.original_id().gvk;
        for reference in &fields.name_reference {
            let specs = reference.fields.iter();
            for spec in specs.filter(|spec| kinds.is_selected_by(&spec.kinds)) {
                let referrer = Referrer::of(&referrals, index, resource, spec, &reference.target);
                referrer.rename(&mut resource.value, spec, problems);
            }
        }
    }
}

/// What is known of the objects that may be named, before any name is changed.
struct Referrals {
    objects: Vec<Referral>,
    /// Objects by the names that they had.
    by_name: BTreeMap<String, Vec<usize>>,
}

struct Referral {
    now: Id,
    namespace: String,
    previous: Vec<Id>,
    original: Id,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
}

impl Referrals {
    fn of(resources: &[Resource]) -> Self {
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let objects = resources.iter().map(|resource| Referral {
            now: resource.id(),
            namespace: resource.namespace().to_owned(),
            previous: resource.previous_ids().collect(),
            original: resource.original_id(),
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
        });
        let objects: Vec<Referral> = objects.collect();
        for (index, object) in objects.iter().enumerate() {
            for id in &object.previous {
                let holders = by_name.entry(id.name.clone()).or_default();
                if holders.last() != Some(&index) {
                    holders.push(index);
                }
            }
        }
        Self { objects, by_name }
    }
}

/// A field of an object that may name another.
struct Referrer<'a> {
    referrals: &'a Referrals,
    own: &'a Referral,
    target: &'a Gvk,
    /// The role that a binding speaks of: another kind of the same name is not meant.
    role: Option<Gvk>,
    /// Namespaces of service accounts that a binding names.
    namespaces: Vec<String>,
}

impl<'a> Referrer<'a> {
    fn of(
        referrals: &'a Referrals,
        index: usize,
        resource: &Resource,
        spec: &FieldSpec,
        target: &'a Gvk,
    ) -> Self {
        let value = &resource.value;
        let role = value
            .get("roleRef")
            .filter(|_| spec.path.ends_with("roleRef/name"));
        let role = role.and_then(|role| {
            Some(Gvk {
                group: role.text_at(&["apiGroup"])?.to_owned(),
                version: String::new(),
                kind: role.text_at(&["kind"])?.to_owned(),
            })
        });
        let subjects = match value.text_at(&["kind"]) {
            Some("RoleBinding") => value.items_at("subjects"),
            _ => &[],
        };
        let is_account = |subject: &&Value| subject.text_at(&["kind"]) == Some("ServiceAccount");
        let namespaces = subjects.iter().filter(is_account);
        Self {
            referrals,
            own: &referrals.objects[index],
            target,
            role,
            namespaces: namespaces
                .filter_map(|subject| Some(subject.text_at(&["namespace"])?.to_owned()))
                .collect(),
        }
    }

    fn rename(&self, object: &mut Value, spec: &FieldSpec, problems: &mut Problems) {
        let mut ambiguous = Vec::new();
        let mut set = |value: &mut Value| {
            self.set(value, &mut ambiguous);
            Ok(())
        };
        if let Err(place) = visit(object, spec, Missing::Leave, object.span, &mut set) {
            problems.refuse(place, format!("`{}` does not lead to a name here", spec.path));
        }
        for (span, name) in ambiguous {
            problems.refuse(span, format!("more than one object was named `{name}`"));
        }
    }

    fn set(&self, value: &mut Value, ambiguous: &mut Vec<(Span, String)>) {
        match &mut value.content {
            Content::Null => {}
            Content::List(items) => {
                for item in items
                    .iter_mut()
                    .filter(|item| !matches!(item.content, Content::List(_)))
                {
                    self.set(item, ambiguous);
                }
            }
            Content::Scalar(scalar) => {
                let all = |_: &Referral| true;
                match self.referral(&scalar.text, &all, Sameness::Name) {
                    Ok(Some(referral)) if referral.now.name != scalar.text => {
                        edit::set_text(value, referral.now.name.clone());
                    }
                    Ok(_) => {}
                    Err(Ambiguous) => ambiguous.push((value.span, scalar.text.clone())),
                }
            }
            Content::Map(_) => self.set_map(value, ambiguous),
        }
    }

    /// Of a mapping both name and namespace are set.
    fn set_map(&self, value: &mut Value, ambiguous: &mut Vec<(Span, String)>) {
        let Some(name) = value.get("name").and_then(Value::as_str).map(str::to_owned) else {
            return;
        };
        let namespace = value.text_at(&["namespace"]).map(str::to_owned);
        let is_there = |referral: &Referral| match &namespace {
            None => true,
            Some(namespace) => {
                let was_there = |referral: &Referral| referral.original.namespace == *namespace;
                if self.referrals.objects.iter().any(was_there) {
                    was_there(referral)
                } else {
                    referral.now.namespace == *namespace
                }
            }
        };
        match self.referral(&name, &is_there, Sameness::NameAndNamespace) {
            Ok(Some(referral)) => {
                if referral.now.name != name
                    && let Some(old) = edit::raw_mut(value, "name")
                {
                    edit::set_text(old, referral.now.name.clone());
                }
                if !referral.namespace.is_empty() {
                    let span = value.span;
                    match edit::raw_mut(value, "namespace") {
                        Some(old) => edit::set_text(old, referral.namespace.clone()),
                        None => edit::set(
                            value,
                            "namespace",
                            span,
                            Value::string(referral.namespace.clone(), span),
                        ),
                    }
                }
            }
            Ok(None) => {}
            Err(Ambiguous) => ambiguous.push((value.span, name)),
        }
    }

    /// The object that a name means.
    fn referral(
        &self,
        name: &str,
        admits: &dyn Fn(&Referral) -> bool,
        sameness: Sameness,
    ) -> Result<Option<&'a Referral>, Ambiguous> {
        let Some(holders) = self.referrals.by_name.get(name) else {
            return Ok(None);
        };
        let holders = holders.iter().map(|index| &self.referrals.objects[*index]);
        let holders = holders.filter(|referral| self.reaches(referral) && admits(referral));
        let mut candidates: Vec<&Referral> = holders.filter(|referral| self.is_meant(referral)).collect();
        if candidates.len() > 1 {
            candidates.retain(|referral| self.has_like_name(referral));
        }
        if candidates.len() > 1 {
            candidates.retain(|referral| {
                ends_alike(&referral.prefixes, &self.own.prefixes)
                    && ends_alike(&referral.suffixes, &self.own.suffixes)
            });
        }
        let Some((first, others)) = candidates.split_first() else {
            return Ok(None);
        };
        let is_same = |other: &&Referral| {
            other.now.name == first.now.name
                && (sameness == Sameness::Name || other.namespace == first.namespace)
        };
        others
            .iter()
            .all(is_same)
            .then_some(Some(*first))
            .ok_or(Ambiguous)
    }

    /// Whether the object that holds the name can speak of another at all.
    fn reaches(&self, referral: &Referral) -> bool {
        let own = &self.own.now;
        own.gvk.is_cluster_scoped()
            || referral.now.gvk.is_cluster_scoped()
            || referral.now.namespace == own.namespace
            || self.namespaces.contains(&referral.namespace)
    }

    fn is_meant(&self, referral: &Referral) -> bool {
        let own = &self.own.now;
        let was = |kinds: &Gvk| referral.previous.iter().any(|id| id.gvk.is_selected_by(kinds));
        was(self.target)
            && self.role.as_ref().is_none_or(was)
            && (own.gvk.is_cluster_scoped()
                || referral.now.gvk.is_cluster_scoped()
                || referral.now.gvk.kind == "ServiceAccount"
                || referral.now.namespace == own.namespace)
    }

    /// Whether both were given like prefixes and suffixes, or one of them none.
    fn has_like_name(&self, referral: &Referral) -> bool {
        let alike = |left: &[String], right: &[String]| {
            left.is_empty() || right.is_empty() || ends_alike(left, right)
        };
        alike(&referral.prefixes, &self.own.prefixes) && alike(&referral.suffixes, &self.own.suffixes)
    }
}

/// More than one object may be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ambiguous;

/// In what objects must be the same for it not to matter which of them is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sameness {
    Name,
    NameAndNamespace,
}

/// Whether the shorter list is the end of the longer one.
fn ends_alike(left: &[String], right: &[String]) -> bool {
    let (short, long) = if left.len() < right.len() {
        (left, right)
    } else {
        (right, left)
    };
    if short.is_empty() {
        return long.is_empty();
    }
    long.ends_with(short)
}
