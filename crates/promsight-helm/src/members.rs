//! Fields and methods of what Helm gives beside plain values: files, API versions, structures, moments.

use std::rc::Rc;

use crate::data::{Data, Object};
use crate::evaluate::{Evaluator, Outcome, fail};
use crate::functions;

impl Evaluator {
    /// What an object has under a name, given arguments where it is a method.
    pub(crate) fn member(&mut self, object: &Object, name: &str, arguments: Option<Vec<Data>>) -> Outcome {
        let arguments = arguments.unwrap_or_default();
        let text = |index: usize| match arguments.get(index) {
            Some(Data::Text(text)) => Ok(Rc::clone(text)),
            _ => fail(format!("{name} wants a string")),
        };
        match (object, name) {
            (Object::Struct { fields, .. }, _) => match fields.get(name) {
                Some(value) if arguments.is_empty() => Ok(value.clone()),
                Some(_) => fail(format!("{name} is not a method but has arguments")),
                None => fail(format!("can't evaluate field {name} in a structure")),
            },
            (Object::Versions(versions), "Has") => {
                let wanted = text(0)?;
                Ok(versions.iter().any(|version| **version == *wanted).into())
            }
            (Object::Files(files), "Get" | "GetBytes") => {
                let wanted = text(0)?;
                Ok(files
                    .get(&*wanted)
                    .map_or_else(|| "".into(), |text| Data::Text(Rc::clone(text))))
            }
            (Object::Files(files), "Lines") => {
                let wanted = text(0)?;
                let text = files
                    .get(&*wanted)
                    .map(|text| text.strip_suffix('\n').unwrap_or(text));
                let lines = text.filter(|text| !text.is_empty()).map(|text| text.split('\n'));
                Ok(Data::list(lines.into_iter().flatten().map(Data::from).collect()))
            }
            (Object::Files(files), "Glob") => {
                let pattern = functions::glob::pattern(&text(0)?);
                self.spend(files.len())?;
                let matching = files.iter().filter(|(path, _)| match &pattern {
                    Some(pattern) => pattern.is_match(path),
                    None => true,
                });
                let matching = matching.map(|(path, text)| (path.clone(), Rc::clone(text)));
                Ok(Data::Object(Rc::new(Object::Files(matching.collect()))))
            }
            (Object::Files(files), "AsConfig" | "AsSecrets") => {
                let entries = files.iter().map(|(path, text)| {
                    let base = path.rsplit('/').next().unwrap_or(path).to_owned();
                    let text = if name == "AsConfig" {
                        Data::Text(Rc::clone(text))
                    } else {
                        functions::encoding::base64(text.as_bytes()).into()
                    };
                    (base, text)
                });
                let entries = Data::map(entries.collect());
                Ok(crate::yaml_write::write(&entries).into())
            }
            (Object::Files(files), _) if arguments.is_empty() => Ok(files
                .get(name)
                .map_or(Data::Missing, |text| Data::Text(Rc::clone(text)))),
            (Object::Time(seconds), "Unix") => Ok(Data::Long(*seconds)),
            (Object::Time(seconds), "Year") => Ok(Data::Int(functions::time::year(*seconds))),
            (Object::Time(seconds), "Format") => Ok(functions::time::format(&text(0)?, *seconds).into()),
            _ => fail(format!("can't evaluate field {name}")),
        }
    }
}
