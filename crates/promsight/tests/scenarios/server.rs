//! The live server of a scenario: blocks whose path is an address hold its answers.

use std::collections::{BTreeMap, BTreeSet};

use promsight_model::{MetricType, Server};

/// How many hours back it was asked; what the command line has by itself.
const HOURS: u32 = 24;

/// What the files whose path is an address make of the server; `None` where there is none.
///
/// The answers are those of `/api/v1/label/__name__/values`, of the same with `?match[]={job="…"}`, of
/// `/api/v1/labels?match[]=NAME`, and of `/api/v1/metadata`: each what its `data` holds, without what stands around it.
pub(crate) fn answers(files: &[(String, String)]) -> Result<Option<Server>, String> {
    let mut server = Server {
        hours: HOURS,
        ..Server::default()
    };
    for (address, text) in files.iter().filter(|(path, _)| path.starts_with("http://")) {
        let (host, path) = address
            .split_once("/api/v1/")
            .ok_or_else(|| format!("{address} is no address of the API"))?;
        host.clone_into(&mut server.address);
        if path == "metadata" {
            let told: BTreeMap<String, Vec<BTreeMap<String, String>>> =
                serde_json::from_str(text).map_err(|error| format!("{address}: {error}"))?;
            let types = told.into_iter().filter_map(|(family, told)| {
                Some((family, MetricType::from_word(told.first()?.get("type")?)?))
            });
            server.types.extend(types);
            continue;
        }
        let list: BTreeSet<String> =
            serde_json::from_str(text).map_err(|error| format!("{address}: {error}"))?;
        let job = path
            .strip_prefix("label/__name__/values?match[]={job=\"")
            .and_then(|rest| rest.strip_suffix("\"}"));
        if let Some(job) = job {
            server.names.extend(list.iter().cloned());
            server.jobs.insert(job.to_owned(), list);
        } else if let Some(name) = path.strip_prefix("labels?match[]=") {
            server.labels.insert(name.to_owned(), list);
        } else if path == "label/__name__/values" {
            server.names.extend(list);
        } else {
            return Err(format!("{address} is no address that is asked"));
        }
    }
    Ok((!server.address.is_empty()).then_some(server))
}
