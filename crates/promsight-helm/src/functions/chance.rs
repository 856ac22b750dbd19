//! What is different on every run: random texts, keys, certificates.
//!
//! Each gives a text of the right shape that is always the same, so that what renders around it can be read. No name
//! that chance made stands anywhere else in a tree, so nothing is wrongly found to match.

use super::{Arguments, Entry};
use crate::data::Data;
use crate::evaluate::{Evaluator, Outcome};

/// Random texts are no longer.
const MAX_LENGTH: usize = 64 << 10;

pub(super) const FUNCTIONS: &[Entry] = &[
    ("randAlphaNum", "i", |_, arguments| Ok(repeated("q7", arguments))),
    ("randAlpha", "i", |_, arguments| Ok(repeated("qx", arguments))),
    ("randAscii", "i", |_, arguments| Ok(repeated("q7", arguments))),
    ("randNumeric", "i", |_, arguments| Ok(repeated("7", arguments))),
    ("randBytes", "i", |_, arguments| {
        let bytes = vec![b'q'; arguments.count(0).min(MAX_LENGTH)];
        Ok(super::encoding::base64(&bytes).into())
    }),
    ("randInt", "ii", |_, arguments| {
        Ok(Data::Int(arguments.integer(0)))
    }),
    ("shuffle", "s", |_, arguments| Ok(Data::Text(arguments.text(0)))),
    ("uuidv4", "", |_, _| {
        Ok("00000000-0000-4000-8000-000000000000".into())
    }),
    ("bcrypt", "s", |_, _| Ok(BCRYPT.into())),
    ("htpasswd", "ss", |_, arguments| {
        let user = arguments.text(0);
        if user.contains(':') {
            return Ok(format!("invalid username: {user}").into());
        }
        Ok(format!("{user}:{BCRYPT}").into())
    }),
    ("genPrivateKey", "s", |_, _| Ok(KEY.into())),
    ("derivePassword", "issss", |_, _| Ok("qxqx7qxqx7".into())),
    ("buildCustomCert", "ss", certificate),
    ("genCA", "si", certificate),
    ("genCAWithKey", "sis", certificate),
    ("genSelfSignedCert", "saai", certificate),
    ("genSelfSignedCertWithKey", "saais", certificate),
    ("genSignedCert", "saaia", certificate),
    ("genSignedCertWithKey", "saaias", certificate),
    ("encryptAES", "ss", |_, arguments| {
        Ok(super::encoding::base64(arguments.text(1).as_bytes()).into())
    }),
    ("decryptAES", "ss", |_, _| Ok("".into())),
];

const BCRYPT: &str = "$2a$10$qxqxqxqxqxqxqxqxqxqxquqxqxqxqxqxqxqxqxqxqxqxqxqxqxqx";
const KEY: &str = "-----BEGIN RSA PRIVATE KEY-----\nqxqx\n-----END RSA PRIVATE KEY-----\n";
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nqxqx\n-----END CERTIFICATE-----\n";

fn repeated(pattern: &str, arguments: &Arguments) -> Data {
    let length = arguments.count(0).min(MAX_LENGTH);
    pattern.chars().cycle().take(length).collect::<String>().into()
}

fn certificate(_: &mut Evaluator, _: &Arguments) -> Outcome {
    Ok(Data::structure(
        "sprig.certificate",
        [("Cert", CERTIFICATE.into()), ("Key", KEY.into())],
    ))
}
