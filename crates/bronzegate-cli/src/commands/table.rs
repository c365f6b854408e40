//! `table --from-files`: the committed files of a stream, as rows of its table.

use bronzegate_core::bronze::CommitName;
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::from_files::{Converted, Converter};

use super::Context;
use crate::arguments::TableArguments;
use crate::human;
use crate::output::{self, Output};

/// The exit code where a stop left segments to a later command.
const PARTIAL: u8 = 3;

/// Takes segment after segment, and tells what became of them.
pub(crate) async fn table(context: &Context, arguments: &TableArguments, out: &mut Output) -> Result<u8> {
    let name = &arguments.stream;
    let source = context.sources.load(&name.source).await?;
    let stream = source.named(&name.stream)?;
    let in_stream = |error: Error| error.in_stream(name.to_string());
    let none = || {
        Error::new(ErrorKind::Config, format!("{}: there is no such target, and so no log", context.target))
    };
    let target = context.target.open_existing().await?.ok_or_else(none)?;
    let stores = context.stores(target, [stream]).await?;
    let converter =
        Converter::new(stores, &source, stream, context.clock.clone()).await.map_err(in_stream)?;
    let segments = converter.segments().await.map_err(in_stream)?;
    let (mut rows, mut batches, mut before) = (0_u64, 0_u64, 0_u64);
    for (nth, segment) in segments.iter().enumerate() {
        if context.stop.is_cancelled() {
            let left = human::counted((segments.len() - nth) as u64, "segment");
            output::tell(&format!("stopped; {left} are left to the same command"));
            return Ok(PARTIAL);
        }
        let converted = converter.convert(*segment).await.map_err(|error| in_segment(&error, *segment))?;
        let Some(converted) = converted else { continue };
        if converted.now {
            (rows, batches) = (rows + converted.rows, batches + 1);
        } else {
            before += 1;
        }
        if context.json {
            out.json(&converted);
        } else {
            out.line(line(&converted));
        }
    }
    if !context.json {
        let [batches, before, rows] = [(batches, "segment"), (before, "segment"), (rows, "row")]
            .map(|(count, noun)| human::counted(count, noun));
        out.line(format!("{name}: {batches} with {rows} appended, {before} there before"));
    }
    Ok(0)
}

fn in_segment(error: &Error, CommitName { id, segment }: CommitName) -> Error {
    let kind = error.kind();
    Error::new(kind, format!("{id}.s{segment:04}: {error}"))
}

fn line(converted: &Converted) -> String {
    let Converted { key, segment, rows, version, now } = converted;
    let version = version.map(|version| format!(" in version {version}")).unwrap_or_default();
    let rows = human::counted(*rows, "row");
    let told = if *now { format!("{rows} appended{version}") } else { format!("{rows} there before") };
    format!("{key}.s{segment:04}: {told}")
}
