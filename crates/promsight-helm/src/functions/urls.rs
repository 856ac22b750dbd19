//! Addresses.

use super::Entry;
use crate::data::Data;
use crate::evaluate::fail;

pub(super) const FUNCTIONS: &[Entry] = &[
    ("urlParse", "s", |_, arguments| match parse(&arguments.text(0)) {
        Some(parts) => Ok(Data::map(
            parts
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value.into()))
                .collect(),
        )),
        None => fail(format!("unable to parse url: {}", arguments.text(0))),
    }),
    ("urlJoin", "m", |_, arguments| {
        let map = arguments.map(0);
        let part = |key: &str| map.entries.borrow().get(key).map(Data::text).unwrap_or_default();
        let (scheme, host, path) = (part("scheme"), part("host"), part("path"));
        let (query, opaque) = (part("query"), part("opaque"));
        let (fragment, user) = (part("fragment"), part("userinfo"));
        let mut out = String::new();
        if !scheme.is_empty() {
            out.push_str(&scheme);
            out.push(':');
        }
        if !opaque.is_empty() {
            out.push_str(&opaque);
        } else {
            if !scheme.is_empty() || !host.is_empty() || !user.is_empty() {
                out.push_str("//");
                if !user.is_empty() {
                    out.push_str(&user);
                    out.push('@');
                }
                out.push_str(&host);
            }
            if !path.is_empty() && !path.starts_with('/') && !host.is_empty() {
                out.push('/');
            }
            out.push_str(&path);
        }
        for (mark, text) in [('?', query), ('#', fragment)] {
            if !text.is_empty() {
                out.push(mark);
                out.push_str(&text);
            }
        }
        Ok(out.into())
    }),
    ("urlquery", "a*", |_, arguments| {
        let mut out = String::new();
        for byte in super::format::print(arguments.all()).bytes() {
            match byte {
                b' ' => out.push('+'),
                _ if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => out.push(char::from(byte)),
                _ => out.push_str(&format!("%{byte:02X}")),
            }
        }
        Ok(out.into())
    }),
];

/// `net/url.Parse`, without its escapes.
fn parse(text: &str) -> Option<Vec<(&'static str, String)>> {
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    let scheme_end = text.find(':').filter(|end| {
        let scheme = &text[..*end];
        scheme.starts_with(|character: char| character.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    if text.starts_with(':') {
        return None;
    }
    let (scheme, rest) = scheme_end.map_or(("", text), |end| (&text[..end], &text[end + 1..]));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (mut opaque, mut authority, mut path) = ("", "", rest);
    if let Some(behind) = rest.strip_prefix("//") {
        let end = behind.find('/').unwrap_or(behind.len());
        (authority, path) = behind.split_at(end);
    } else if !scheme.is_empty() && !rest.starts_with('/') {
        (opaque, path) = (rest, "");
    }
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let hostname = match host.strip_prefix('[') {
        Some(inner) => inner.split(']').next().unwrap_or_default(),
        None => match host.rsplit_once(':') {
            Some((name, port)) if is_port(port) => name,
            Some(_) => return None,
            None => host,
        },
    };
    Some(vec![
        ("scheme", scheme.to_ascii_lowercase()),
        ("host", host.to_owned()),
        ("hostname", hostname.to_owned()),
        ("path", path.to_owned()),
        ("query", query.to_owned()),
        ("opaque", opaque.to_owned()),
        ("fragment", fragment.to_owned()),
        ("userinfo", user.to_owned()),
    ])
}
