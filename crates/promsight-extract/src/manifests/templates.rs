//! Templates of OpenShift: objects with parameters.
//!
//! <https://docs.redhat.com/en/documentation/openshift_container_platform/4.17/html/images/using-templates>: `${NAME}`
//! stands for a parameter's value within a string, `${{NAME}}` for one that may be something else. Processing a template
//! without arguments takes the values that it gives itself; a parameter without one stays as it is written.

use std::collections::BTreeMap;

use promsight_model::manifest::{Content, Key, Scalar, Value};

/// The objects of a template with the parameters' own values; `None` for what is no template.
pub(super) fn objects(template: &Value) -> Option<Vec<Value>> {
    let version = template.text_at(&["apiVersion"]).unwrap_or_default();
    let is_template = template.text_at(&["kind"]) == Some("Template")
        && (version == "v1" || version.starts_with("template.openshift.io/"));
    let objects = template.get("objects").filter(|_| is_template)?;
    let parameters = template.items_at("parameters").iter().filter_map(|parameter| {
        let value = parameter.get("value")?;
        Some((parameter.text_at(&["name"])?, value.as_scalar()?))
    });
    let parameters = Parameters(parameters.collect());
    let objects = objects.items().iter().filter(|object| object.is_map());
    Some(objects.map(|object| parameters.filled(object)).collect())
}

struct Parameters<'a>(BTreeMap<&'a str, &'a Scalar>);

impl Parameters<'_> {
    /// Recursion is as deep as values are, which is capped where they are made.
    fn filled(&self, value: &Value) -> Value {
        let content = match &value.content {
            Content::Null => Content::Null,
            Content::Scalar(scalar) => Content::Scalar(self.scalar(scalar)),
            Content::List(items) => Content::List(items.iter().map(|item| self.filled(item)).collect()),
            Content::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| {
                    let key = Key {
                        text: self.text(&key.text),
                        span: key.span,
                    };
                    (key, self.filled(value))
                });
                Content::Map(entries.collect())
            }
        };
        Value {
            span: value.span,
            content,
        }
    }

    fn scalar(&self, scalar: &Scalar) -> Scalar {
        if !scalar.text.contains("${") {
            return scalar.clone();
        }
        // One that is nothing but a parameter has the type that its value looks like.
        let whole = scalar
            .text
            .strip_prefix("${{")
            .and_then(|rest| rest.strip_suffix("}}"));
        if let Some(value) = whole.and_then(|name| self.0.get(name)) {
            return Scalar {
                text: value.text.clone(),
                is_string: false,
                documents: Vec::new(),
            };
        }
        Scalar {
            text: self.text(&scalar.text),
            is_string: true,
            documents: scalar
                .documents
                .iter()
                .map(|document| self.filled(document))
                .collect(),
        }
    }

    fn text(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let inner = &rest[at + 2..];
            let end = inner.find('}');
            out.push_str(&rest[..at]);
            let value = end.and_then(|end| self.0.get(&inner[..end]));
            match (end, value) {
                (Some(end), Some(value)) => {
                    out.push_str(&value.text);
                    rest = &inner[end + 1..];
                }
                _ => {
                    out.push_str("${");
                    rest = inner;
                }
            }
        }
        out.push_str(rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use promsight_model::manifest::Value;
    use promsight_model::{FileId, ManifestKind, SourceFile};

    const TEMPLATE: &str = "\
apiVersion: template.openshift.io/v1
kind: Template
metadata: {name: till}
parameters:
- {name: NAME, value: till}
- {name: PORT, value: '9000'}
- {name: TAG, required: true}
objects:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: '${NAME}-api'}
  spec:
    replicas: ${{REPLICAS}}
    template:
      spec:
        containers:
        - {name: a, image: 'quay.example/${NAME}:${TAG}', ports: [{containerPort: '${{PORT}}'}]}
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: c}
  data:
    prometheus.yml: |
      scrape_configs:
      - job_name: ${NAME}
";

    #[test]
    fn objects_of_templates_have_the_values_of_parameters() {
        let file = SourceFile {
            id: FileId(0),
            path: "deploy/till.yaml".to_owned(),
            shown_path: "deploy/till.yaml".to_owned(),
            text: Arc::from(TEMPLATE),
        };
        let manifests = crate::extract(&file).manifests;
        assert!(
            manifests
                .iter()
                .all(|manifest| manifest.kind == ManifestKind::Object)
        );
        let [deployment, map] = &manifests[..] else {
            panic!("two objects: {manifests:?}");
        };
        let name = deployment.value.at(&["metadata", "name"]).expect("it has one");
        assert_eq!(name.as_str(), Some("till-api"));
        assert_eq!(&TEMPLATE[name.span.range()], "'${NAME}-api'");
        let pod = deployment
            .value
            .at(&["spec", "template", "spec"])
            .expect("it has one");
        let container = &pod.items_at("containers")[0];
        assert_eq!(container.text_at(&["image"]), Some("quay.example/till:${TAG}"));
        let port = container.items_at("ports")[0].get("containerPort");
        assert_eq!(port.and_then(Value::as_integer), Some(9000));
        let file = map.value.at(&["data", "prometheus.yml"]).expect("it has one");
        let scalar = file.as_scalar().expect("it is a text");
        let job = &scalar.documents[0].items_at("scrape_configs")[0];
        assert_eq!(job.text_at(&["job_name"]), Some("till"));
    }
}
