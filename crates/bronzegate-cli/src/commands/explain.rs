//! `explain`: what streams do, by their source file alone.

use std::fmt;

use bronzegate_core::error::Result;
use bronzegate_core::explain::{Explanation, ShownRequest};
use bronzegate_core::redact::visible;
use serde::Serialize;

use super::{Context, selected};
use crate::arguments::ExplainArguments;
use crate::output::Output;

/// What one stream does.
#[derive(Debug, Serialize)]
struct Explained {
    source: String,
    stream: String,
    #[serde(flatten)]
    explanation: Explanation,
}

/// Tells it of the selected streams.
pub(crate) async fn explain(context: &Context, arguments: &ExplainArguments, out: &mut Output) -> Result<u8> {
    let selection = &arguments.selection;
    let source = context.sources.load(&selection.source).await?;
    let streams = selected(&source, selection.stream.as_deref())?;
    let names: Vec<_> = streams.into_iter().map(|stream| stream.name.clone()).collect();
    let engine = context.engine(source);
    for stream in names {
        let explanation = engine.stream(&stream)?.explain();
        let explained = Explained { source: selection.source.clone(), stream, explanation };
        if context.json {
            out.json(&explained);
        } else {
            out.line(visible(&explained.to_string()));
        }
    }
    Ok(0)
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = Told { explanation: &self.explanation, indent: "  " };
        write!(f, "{}/{}{told}", self.source, self.stream)
    }
}

/// What a stream does, on lines below its name.
pub(super) struct Told<'a> {
    pub(super) explanation: &'a Explanation,
    pub(super) indent: &'a str,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { explanation: Explanation { asks, ends, requests, unknown }, indent } = self;
        let lines = [asks, ends].into_iter().filter(|line| !line.is_empty());
        lines.into_iter().try_for_each(|line| write!(f, "\n{indent}{line}"))?;
        for (nth, request) in requests.iter().enumerate() {
            let ShownRequest { method, url, headers, body } = request;
            write!(f, "\n{indent}{}. {method} {url}", nth + 1)?;
            headers.iter().try_for_each(|(name, value)| write!(f, "\n{indent}   {name}: {value}"))?;
            body.iter().try_for_each(|body| write!(f, "\n{indent}   {body}"))?;
        }
        unknown.iter().try_for_each(|why| write!(f, "\n{indent}its requests cannot be shown: {why}"))
    }
}
