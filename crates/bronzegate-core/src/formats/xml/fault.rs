//! What can be wrong with XML.

use crate::redact::line;

/// What is wrong with an XML body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum XmlFault {
    /// A document type of a web page, or with definitions of its own.
    #[error(
        "a document type (<!DOCTYPE …>) of a web page, or with definitions, by which entities could expand to anything"
    )]
    DocumentType,
    /// An entity other than the five, or one without an end.
    #[error(
        "an entity that XML does not define by itself, or that has no end: only &amp; &lt; &gt; &apos; &quot; and characters by number are read"
    )]
    Entity,
    /// An attribute that cannot be read, or stands twice.
    #[error("an attribute of <{}> that is written twice or otherwise than name=\"value\"", line(.0))]
    Attribute(String),
    /// A name that cannot be one.
    #[error("`{}` cannot be an element's name", line(.0))]
    Name(String),
    /// An end tag of another element.
    #[error("</{}> stands where </{}> is expected", line(found), line(expected))]
    End {
        /// The element that ends.
        found: String,
        /// The one that is open.
        expected: String,
    },
    /// An element that comes twice and is no list.
    #[error(
        "<{}> stands twice in <{}>: where it may, name it in `format: {{ xml: {{ lists: [{}] }} }}`, and it is a list everywhere",
        line(name),
        line(parent),
        line(name)
    )]
    Repeated {
        /// Its name.
        name: String,
        /// What it stands in.
        parent: String,
    },
    /// Text outside of the root.
    #[error("text outside of the root element")]
    OutsideText,
    /// A second root.
    #[error("a second root element")]
    SecondRoot,
    /// Elements in elements in elements.
    #[error("elements nested deeper than 128")]
    TooDeep,
    /// What stands beside the records is too large.
    #[error("an element, or what stands beside the records, is larger than 64 MiB")]
    TooLarge,
}
