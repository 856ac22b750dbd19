//! What `helm template` of Helm 3.22 says of the cluster that it does not ask.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::data::{Data, Object};

/// The version of Kubernetes that this Helm was made for.
const MINOR: &str = "37";

/// The API versions that its client library knows, in its order.
const API_VERSIONS: [&str; 57] = [
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "lifecycle.k8s.io/v1alpha1",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

/// `.Capabilities`, with more API versions than those of Kubernetes itself.
pub(crate) fn capabilities(more: &[&str]) -> Data {
    let versions = API_VERSIONS
        .iter()
        .chain(more)
        .map(|version| (*version).to_owned());
    let version: Data = format!("v1.{MINOR}.0").into();
    let kubernetes: BTreeMap<&'static str, Data> = [
        ("Version", version.clone()),
        ("GitVersion", version.clone()),
        ("Major", "1".into()),
        ("Minor", MINOR.into()),
    ]
    .into();
    let kubernetes = Object::Struct {
        type_name: "*chartutil.KubeVersion",
        text: Some(version.text()),
        fields: kubernetes,
    };
    Data::structure(
        "*chartutil.Capabilities",
        [
            (
                "APIVersions",
                Data::Object(Rc::new(Object::Versions(versions.collect()))),
            ),
            ("KubeVersion", Data::Object(Rc::new(kubernetes))),
            (
                "HelmVersion",
                Data::structure(
                    "version.BuildInfo",
                    [
                        ("Version", "v3.22.0".into()),
                        ("GitCommit", "".into()),
                        ("GitTreeState", "clean".into()),
                        ("GoVersion", "go1.26".into()),
                    ],
                ),
            ),
        ],
    )
}
