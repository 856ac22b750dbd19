//! Containers of Kubernetes' objects.
//!
//! <https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/>

use promsight_model::Span;
use promsight_model::manifest::Value;

use super::containers::{Container, Containers};
use super::words::{Argument, Environment, Lookup, UNKNOWN};
use super::{Port, Workload};
use crate::objects::{Object, ObjectId, Rendering, text_entries};

/// Where pod templates stand.
const TEMPLATES: [&[&str]; 5] = [
    &["spec", "template", "spec"],
    &["spec", "jobTemplate", "spec", "template", "spec"],
    &["spec", "jobTargetRef", "template", "spec"],
    &["spec", "podTemplate", "spec"],
    &["spec"],
];

/// Kinds of objects that run to their end.
const SHORT_LIVED: &[&str] = &["Job", "CronJob"];

/// Adds the processes of all objects with containers.
pub(super) fn collect(renderings: &[Rendering], into: &mut Containers<'_, '_>) {
    for (rendering_index, rendering) in renderings.iter().enumerate() {
        for (object_index, object) in rendering.objects.iter().enumerate() {
            let id = ObjectId {
                rendering: rendering_index,
                object: object_index,
            };
            let pod = TEMPLATES
                .iter()
                .filter_map(|path| object.value.at(path))
                .find(|pod| !pod.items_at("containers").is_empty());
            let Some(pod) = pod else { continue };
            // Of the containers that run before the others those stay that are restarted always.
            let stays = |container: &&Value| container.text_at(&["restartPolicy"]) == Some("Always");
            let containers = pod.items_at("initContainers").iter().filter(stays);
            for container in containers.chain(pod.items_at("containers")) {
                into.add(&read(rendering, object, id, container));
            }
        }
    }
}

fn read(rendering: &Rendering, object: &Object, id: ObjectId, container: &Value) -> Container {
    let environment = environment(rendering, object, container);
    let words = |key: &str| {
        let list = container.get(key)?;
        Some(
            list.items()
                .iter()
                .filter_map(|word| argument(word, &environment))
                .collect::<Vec<_>>(),
        )
    };
    let (entrypoint, arguments) = (words("command"), words("args"));
    let name = container.text_at(&["name"]).unwrap_or_default();
    let app = object
        .labels()
        .find(|(name, ..)| matches!(*name, "app" | "app.kubernetes.io/name"));
    let image = container.get("image");
    let directory = container
        .get("workingDir")
        .and_then(|value| argument(value, &environment));
    Container {
        is_short_lived: SHORT_LIVED.contains(&object.kind()),
        workload: Workload::Container {
            object: id,
            container: name.to_owned(),
        },
        span: container.span,
        image: image.and_then(|value| Some(Argument::new(value.as_str()?, value.span))),
        names: [Some(name), Some(object.name()), app.map(|(_, value, _)| value)]
            .into_iter()
            .flatten()
            .map(str::to_owned)
            .collect(),
        build: None,
        // An empty list is none.
        entrypoint: entrypoint.filter(|words| !words.is_empty()),
        arguments: arguments.filter(|words| !words.is_empty()),
        directory,
        environment,
        mounts: Vec::new(),
        ports: container.items_at("ports").iter().filter_map(port).collect(),
    }
}

fn port(port: &Value) -> Option<Port> {
    let number = port.get("containerPort")?;
    Some(Port {
        number: u16::try_from(number.as_integer()?).ok()?,
        published: None,
        name: port.text_at(&["name"]).map(str::to_owned),
        span: number.span,
    })
}

fn argument(value: &Value, environment: &Environment) -> Option<Argument> {
    Some(Argument::new(expanded(value.as_str()?, environment), value.span))
}

/// `$(NAME)`: a name that is not set stays as it is, `$$` is a dollar.
fn expanded(text: &str, environment: &Environment) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('$') {
            out.push('$');
            rest = behind;
            continue;
        }
        let reference = rest.strip_prefix('(').and_then(|inner| inner.split_once(')'));
        let Some((name, behind)) = reference else {
            out.push('$');
            continue;
        };
        match environment.lookup(name) {
            Lookup::Known(value) => out.push_str(value),
            Lookup::Unknown => out.push(UNKNOWN),
            Lookup::Unset | Lookup::Open => {
                out.push_str("$(");
                out.push_str(name);
                out.push(')');
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

fn environment(rendering: &Rendering, object: &Object, container: &Value) -> Environment {
    let mut environment = Environment::complete();
    for source in container.items_at("envFrom") {
        let prefix = source.text_at(&["prefix"]).unwrap_or_default();
        let reference = |kind: &str, field: &str| {
            let name = source.text_at(&[field, "name"])?;
            named(rendering, object, kind, name)
        };
        if let Some(map) = reference("ConfigMap", "configMapRef") {
            for (key, value, span) in text_entries(map.value.get("data")) {
                environment.set(&format!("{prefix}{key}"), Some(value.to_owned()), span);
            }
        } else if let Some(secret) = reference("Secret", "secretRef") {
            for field in ["data", "stringData"] {
                for (key, _, span) in text_entries(secret.value.get(field)) {
                    environment.set(&format!("{prefix}{key}"), None, span);
                }
            }
        } else {
            environment.is_complete = false;
        }
    }
    for variable in container.items_at("env") {
        let Some(name) = variable.text_at(&["name"]) else {
            continue;
        };
        let (value, span) = value(rendering, object, variable, &environment);
        environment.set(name, value, span);
    }
    environment
}

/// The value of an entry of `env`.
fn value(
    rendering: &Rendering,
    object: &Object,
    variable: &Value,
    environment: &Environment,
) -> (Option<String>, Span) {
    if let Some(value) = variable.get("value") {
        let text = value.as_str().map(|text| expanded(text, environment));
        return (text, value.span);
    }
    let Some(from) = variable.get("valueFrom") else {
        // Without a value it is empty.
        return (Some(String::new()), variable.span);
    };
    let found = || {
        let reference = from.get("configMapKeyRef")?;
        let map = named(rendering, object, "ConfigMap", reference.text_at(&["name"])?)?;
        let value = map.value.at(&["data", reference.text_at(&["key"])?])?;
        Some((value.as_str()?.to_owned(), value.span))
    };
    match found() {
        Some((text, span)) => (Some(text), span),
        None => (None, from.span),
    }
}

/// The object of that kind and name in the rendering, of the same namespace where there are several.
fn named<'r>(rendering: &'r Rendering, object: &Object, kind: &str, name: &str) -> Option<&'r Object> {
    let mut found = rendering
        .objects
        .iter()
        .filter(|other| other.kind() == kind && other.name() == name);
    let first = found
        .clone()
        .find(|other| other.namespace() == object.namespace());
    first.or_else(|| found.next())
}
