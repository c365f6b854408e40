//! From streams to the text of the page.

use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::health::{Period, StreamHealth};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};

use super::model::Page;

const TEMPLATE: &str = include_str!("page.html");

/// The name ends in `.html`, which is what makes minijinja escape.
const NAME: &str = "page.html";

/// Writes the page of some streams.
///
/// # Errors
/// [`ErrorKind::Config`] where the template and what it is given do not fit together.
pub(crate) fn page(streams: &[StreamHealth], period: &Period, environment: &str) -> Result<String> {
    let unfit = |error| Error::new(ErrorKind::Config, format!("the page cannot be written: {error}"));
    let mut templates = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(unfit)?;
    templates.set_syntax(syntax);
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.add_template(NAME, TEMPLATE).map_err(unfit)?;
    let template = templates.get_template(NAME).map_err(unfit)?;
    template.render(Serde(Page::new(streams, period, environment))).map_err(unfit)
}
