//! How serde walks a node: the entries of a map, the keys of a struct, the items of a list, and
//! the choice of an enum's variant.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::super::later;
use super::super::problem::Draft;
use super::de::{De, unknown_key};
use super::document::{Content, Key, Node};
use super::error::Error;

/// A slot: first its place, then its value if it can be read.
pub(super) struct SlotAccess<'a> {
    de: De<'a>,
    placed: bool,
}

impl<'a> SlotAccess<'a> {
    pub(super) fn new(de: De<'a>) -> Self {
        Self { de, placed: false }
    }
}

impl<'a> SeqAccess<'a> for SlotAccess<'a> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let at = &self.de.at;
        if !self.placed {
            self.placed = true;
            let place = serde_json::json!([at.line, at.column, at.path, at.hidden]);
            return seed
                .deserialize(place)
                .map(Some)
                .map_err(|error| Error::new(Draft::new(error.to_string())));
        }
        match seed.deserialize(self.de.clone()) {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                if let Some(claims) = &self.de.claims {
                    claims.broken.set(true);
                }
                let (place, draft) = self.de.locate(error).into_parts();
                self.de.report.add(place.as_ref().unwrap_or(at), draft);
                Ok(None)
            }
        }
    }
}

/// The parts that read one map together.
pub(super) struct Parts<'a> {
    de: De<'a>,
    left: usize,
}

impl<'a> Parts<'a> {
    pub(super) fn new(de: De<'a>, left: usize) -> Self {
        Self { de, left }
    }
}

impl<'a> SeqAccess<'a> for Parts<'a> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(self.de.clone()).map(Some)
    }
}

/// The items of a list.
pub(super) struct Items<'a> {
    de: De<'a>,
    items: std::iter::Enumerate<std::slice::Iter<'a, Node>>,
}

impl<'a> Items<'a> {
    pub(super) fn new(de: De<'a>, items: &'a [Node]) -> Self {
        Self { de, items: items.iter().enumerate() }
    }
}

impl<'a> SeqAccess<'a> for Items<'a> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some((index, node)) = self.items.next() else { return Ok(None) };
        seed.deserialize(self.de.item(index, node)).map(Some)
    }
}

/// The entries of a map whose keys are the user's own.
pub(super) struct EntryAccess<'a> {
    de: De<'a>,
    entries: std::slice::Iter<'a, (Key, Node)>,
    value: Option<De<'a>>,
}

impl<'a> EntryAccess<'a> {
    pub(super) fn new(de: De<'a>, entries: &'a [(Key, Node)]) -> Self {
        Self { de, entries: entries.iter(), value: None }
    }
}

impl<'a> MapAccess<'a> for EntryAccess<'a> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((key, node)) = self.entries.next() else { return Ok(None) };
        self.value = Some(self.de.child(key, node));
        seed.deserialize(StrDeserializer::new(&key.text)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Error> {
        read_value(self.value.take(), seed)
    }
}

/// The known keys of a struct: those that are there, then those that are not, so that each
/// field decides whether it may be absent.
pub(super) struct Fields<'a> {
    keys: std::vec::IntoIter<(&'static str, De<'a>)>,
    value: Option<De<'a>>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(de: &De<'a>, fields: &'static [&'static str]) -> Self {
        let entries = de.entries().unwrap_or_default();
        let keys: Vec<_> = fields
            .iter()
            .map(|&field| {
                let found = entries.iter().find(|(key, _)| key.text == field);
                let mut value = found.map_or_else(|| de.absent(field), |(key, node)| de.child(key, node));
                value.at.hidden |= field == "auth";
                (field, value)
            })
            .collect();
        Self { keys: keys.into_iter(), value: None }
    }
}

impl<'a> MapAccess<'a> for Fields<'a> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.keys.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(StrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Error> {
        read_value(self.value.take(), seed)
    }
}

fn read_value<'a, V: DeserializeSeed<'a>>(value: Option<De<'a>>, seed: V) -> Result<V::Value, Error> {
    match value {
        Some(de) => seed.deserialize(de),
        None => Err(Error::new(Draft::new("value read before its key"))),
    }
}

/// The variant of an enum, in the form its name asks for.
pub(super) struct Choice<'a> {
    variant: &'static str,
    /// Where the variant's own content is read.
    content: De<'a>,
    form: Form,
    name: &'static str,
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
        let choice = |variant, content| Self { variant, content, form, name };
        match form {
            Form::Word => {
                let variant = word(&de, name, variants, &variants.join(", "))?;
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
                let Some(entries) = de.entries() else { return Err(de.mismatch(&accepted)) };
                let Some((key, node)) = entries.iter().find(|(key, _)| key.text == "type") else {
                    return Err(
                        Error::new(Draft::new("type is missing").accepted(accepted)).locate(&de.at, None)
                    );
                };
                let variant = word(&de.child(key, node), name, variants, &variants.join(", "))?;
                claims.known.borrow_mut().push("type");
                visitor.visit_enum(choice(variant, de))
            }),
        }
    }
}

fn word(
    de: &De<'_>,
    owner: &str,
    variants: &'static [&'static str],
    accepted: &str,
) -> Result<&'static str, Error> {
    let Some(text) = de.text() else { return Err(de.mismatch(&format!("one of {accepted}"))) };
    if let Some(variant) = variants.iter().find(|&&variant| variant == text) {
        return Ok(variant);
    }
    let draft = later::refusal(owner, text).unwrap_or_else(|| {
        Draft::new("is not known")
            .value(text)
            .near(text, variants.iter().copied())
            .accepted(format!("one of {accepted}"))
    });
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
    let Some(entries) = de.entries() else { return Err(de.mismatch(&accepted)) };
    let find = |text: &str| variants.iter().copied().find(|&variant| variant == text);
    let mut found = entries.iter().filter_map(|(key, node)| Some((find(&key.text)?, key, node)));
    match (found.next(), found.next()) {
        (Some((variant, key, node)), None) => Ok((variant, de.child(key, node))),
        (Some(_), Some((_, key, _))) => {
            let draft = Draft::new(format!("only one of {} may be given", variants.join(", ")));
            let mut at = de.at.clone();
            at.line = key.mark.line;
            at.column = key.mark.column;
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
        if self.form == Form::Typed {
            if let Some(claims) = &self.content.claims {
                claims.owners.borrow_mut().push(self.name);
            }
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
        self.content.fields(self.name, fields, visitor)
    }
}
