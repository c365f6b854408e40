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
        let Explanation { asks, ends, requests, unknown } = &self.explanation;
        write!(f, "{}/{}\n  {asks}\n  {ends}", self.source, self.stream)?;
        for (nth, request) in requests.iter().enumerate() {
            let ShownRequest { method, url, headers, body } = request;
            write!(f, "\n  {}. {method} {url}", nth + 1)?;
            headers.iter().try_for_each(|(name, value)| write!(f, "\n     {name}: {value}"))?;
            body.iter().try_for_each(|body| write!(f, "\n     {body}"))?;
        }
        unknown.iter().try_for_each(|why| write!(f, "\n  its requests cannot be shown: {why}"))
    }
}
