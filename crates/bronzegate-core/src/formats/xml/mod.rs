//! XML as JSON: a body is written as JSON while it comes, and split like any other.
//!
//! | XML | JSON |
//! |---|---|
//! | an element without attributes and elements in it | its text; `""` where it has none |
//! | any other element | an object: attributes as `@name`, elements by name, text between them as `#text` |
//! | the elements at `records`, and those named in `lists` | a list, also of one |
//! | a prefix | part of the name, as it is written: `dc:creator` |
//! | `xmlns` and `xmlns:…`, comments, processing instructions | nothing |
//!
//! An element that comes twice and is no list is an error, because a member would be lost. Document types are refused,
//! and with them all entities but the five of XML: nothing expands. The end of the root has to come.

mod element;
mod fault;
mod reader;
mod tokens;

pub(crate) use fault::XmlFault;
pub(crate) use reader::XmlReader;
