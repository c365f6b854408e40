//! How an enum is written, and which of its variants a node is.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, EnumAccess, VariantAccess, Visitor};

use super::de::{De, unknown_key};
use super::document::Content;
use super::error::Error;
use crate::config::problem::Draft;

/// The variant of an enum, in the form its name asks for.
pub(super) struct Choice<'a> {
    variant: &'static str,
    /// Where the variant's own content is read.
    content: De<'a>,
    form: Form,
}

/// How an enum is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A word: `get`.
    Word,
    /// A map of one key: `{ query: after }`.
    Keyed,
    /// A map whose `type` names the variant.
    Typed,
    /// Told apart by being text, list or map.
    Shape,
}

fn form(name: &str) -> Form {
    match name {
        "AuthSpec" | "KindSpec" => Form::Typed,
        "Address" | "Target" => Form::Keyed,
        "TextOr" | "OneOrMany" => Form::Shape,
        _ => Form::Word,
    }
}

impl<'a> Choice<'a> {
    pub(super) fn read<V: Visitor<'a>>(
        de: De<'a>,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let form = form(name);
        let choice = |variant, content| Self { variant, content, form };
        match form {
            Form::Word => {
                let variant = word(&de, variants, &variants.join(", "))?;
                visitor.visit_enum(choice(variant, de))
            }
            Form::Shape => {
                let variant = shape(&de, variants)?;
                visitor.visit_enum(choice(variant, de))
            }
            Form::Keyed => de.share(|de, claims| {
                let (variant, content) = keyed(&de, variants)?;
                claims.known.borrow_mut().extend(variants);
                visitor.visit_enum(choice(variant, content))
            }),
            Form::Typed => de.share(|de, claims| {
                let accepted = format!("{{ type: … }} with one of {}", variants.join(", "));
                let Some(entries) = de.entries() else {
                    return Err(de.mismatch(&accepted));
                };
                let Some((key, node)) = entries.iter().find(|(key, _)| key.text == "type") else {
                    return Err(
                        Error::new(Draft::new("type is missing").accepted(accepted)).locate(&de.at, None)
                    );
                };
                let variant = word(&de.child(key, node), variants, &variants.join(", "))?;
                claims.known.borrow_mut().push("type");
                visitor.visit_enum(choice(variant, de))
            }),
        }
    }
}

fn word(de: &De<'_>, variants: &'static [&'static str], accepted: &str) -> Result<&'static str, Error> {
    let Some(text) = de.text() else {
        return Err(de.mismatch(&format!("one of {accepted}")));
    };
    if let Some(variant) = variants.iter().find(|&&variant| variant == text) {
        return Ok(variant);
    }
    let draft = Draft::new("is not known").value(text).near(text, variants.iter().copied());
    let draft = draft.accepted(format!("one of {accepted}"));
    Err(Error::new(draft).locate(&de.at, None))
}

fn shape(de: &De<'_>, variants: &'static [&'static str]) -> Result<&'static str, Error> {
    let many = variants.contains(&"Many");
    let wanted = match de.node.map(|node| &node.content) {
        _ if de.is_null() => None,
        Some(Content::Scalar { .. }) => Some(if many { "One" } else { "Text" }),
        Some(Content::Map(_)) => Some(if many { "One" } else { "Map" }),
        Some(Content::List(_)) if many => Some("Many"),
        _ => None,
    };
    wanted.ok_or_else(|| de.mismatch(if many { "a value or a list of them" } else { "text or a map" }))
}

fn keyed<'a>(de: &De<'a>, variants: &'static [&'static str]) -> Result<(&'static str, De<'a>), Error> {
    let forms: Vec<String> = variants.iter().map(|variant| format!("{{ {variant}: … }}")).collect();
    let accepted = format!("one of {}", forms.join(", "));
    let Some(entries) = de.entries() else {
        return Err(de.mismatch(&meant(de, variants, &forms).unwrap_or(accepted)));
    };
    let find = |text: &str| variants.iter().copied().find(|&variant| variant == text);
    let mut found = entries.iter().filter_map(|(key, node)| Some((find(&key.text)?, key, node)));
    match (found.next(), found.next()) {
        (Some((variant, key, node)), None) => Ok((variant, de.child(key, node))),
        (Some(_), Some((_, key, _))) => {
            let draft = Draft::new(format!("only one of {} may be given", variants.join(", ")));
            let mut at = de.at.clone();
            at.line = key.position.line;
            at.column = key.position.column;
            Err(Error::new(draft).locate(&at, None))
        }
        (None, _) => {
            let drafts = entries.iter().map(|(key, node)| (unknown_key(&key.text, variants), key, node));
            match drafts.into_iter().find(|(draft, ..)| draft.did_you_mean.is_some()) {
                Some((draft, key, node)) => Err(Error::new(draft).locate(&de.child(key, node).at, None)),
                None => {
                    Err(Error::new(Draft::new("does not say where").accepted(accepted)).locate(&de.at, None))
                }
            }
        }
    }
}

/// What a bare word was meant for: `next: meta.next` is a member of the body, `send: after` a query parameter.
fn meant(de: &De<'_>, variants: &[&str], forms: &[String]) -> Option<String> {
    let is_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '$');
    let text = de.text().filter(|text| !de.at.hidden && !text.is_empty() && text.chars().all(is_path))?;
    let (first, others) = (variants.first()?, forms.get(1..)?);
    Some(format!("{{ {first}: {text} }}, or one of {}", others.join(", ")))
}

impl<'a> EnumAccess<'a> for Choice<'a> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'a>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let variant = seed.deserialize(StrDeserializer::<Error>::new(self.variant))?;
        Ok((variant, self))
    }
}

impl<'a> VariantAccess<'a> for Choice<'a> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        if self.form == Form::Keyed && self.content.text() != Some("true") {
            return Err(self.content.mismatch("true"));
        }
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, Error> {
        let content = self.content.clone();
        seed.deserialize(self.content).map_err(|error| content.locate(error))
    }

    fn tuple_variant<V: Visitor<'a>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        Err(self.content.mismatch("a map"))
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.content.fields(fields, visitor)
    }
}
