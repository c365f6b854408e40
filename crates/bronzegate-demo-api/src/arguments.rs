//! The command line.

use bronzegate_demo_api::{Options, Stream, parse_duration};
use clap::{Args, Parser, Subcommand};
use std::{fs, path::PathBuf, time::Duration};

/// A REST API that behaves like real ones, faults included.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// The options as a JSON file; the flags below go before it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The loopback port; 0 takes a free one.
    #[arg(long)]
    port: Option<u16>,
    /// Decides the content of every record.
    #[arg(long)]
    seed: Option<u64>,
    /// How long every list request waits, such as 20ms.
    #[arg(long, value_parser = parse_duration)]
    latency: Option<Duration>,
    /// A stream: `name=style:shape:records[:page_size]`; repeatable.
    #[arg(long, value_name = "STREAM", value_parser = parse_stream)]
    stream: Vec<Stream>,
    /// Compresses bodies for clients that accept it.
    #[arg(long)]
    gzip: bool,
    /// Fault rules as a JSON file; added to those of the configuration.
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
}

/// What there is to do beside serving.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(DemoArguments),
}

/// Serves the demo, reads three of its streams with `bronzegate` into files and one of them into a Delta table, and compares
/// what is there with what the API has.
///
/// The API asks for authentication, limits the rate, and fails on purpose. The program `bronzegate` is the one
/// beside this one, or the one on the PATH.
#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// The folder of the source file; `demo.yaml` is written there if it is missing.
    #[arg(long, value_name = "FOLDER", default_value = "sources")]
    pub(crate) sources: PathBuf,
    /// The bronze folder.
    #[arg(long, value_name = "FOLDER", default_value = "bronze")]
    pub(crate) target: PathBuf,
    /// The folder of the Delta table.
    #[arg(long, value_name = "FOLDER", default_value = "tables")]
    pub(crate) tables: PathBuf,
}

impl Arguments {
    /// Puts the files and the flags together.
    pub(crate) fn options(self) -> Result<Options, String> {
        let mut options: Options = match &self.config {
            Some(path) => read(path)?,
            None => Options::default(),
        };
        options.port = self.port.unwrap_or(options.port);
        options.seed = self.seed.unwrap_or(options.seed);
        options.latency = self.latency.unwrap_or(options.latency);
        options.gzip |= self.gzip;
        options.streams.extend(self.stream);
        if let Some(path) = &self.faults {
            let faults: Vec<_> = read(path)?;
            options.faults.extend(faults);
        }
        Ok(options)
    }
}

fn read<T: serde::de::DeserializeOwned>(path: &PathBuf) -> Result<T, String> {
    let text = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_slice(&text).map_err(|e| format!("{}: {e}", path.display()))
}

fn parse_stream(text: &str) -> Result<Stream, String> {
    let form = "expected name=style:shape:records[:page_size]";
    let (name, rest) = text.split_once('=').ok_or(form)?;
    let parts: Vec<&str> = rest.split(':').collect();
    let number = |text: &str| text.parse().map_err(|_| format!("{text}: not a number"));
    let (style, shape, records, page_size) = match parts[..] {
        [style, shape, records] => (style, shape, records, None),
        [style, shape, records, size] => (style, shape, records, Some(number(size)?)),
        _ => return Err(form.into()),
    };
    let stream = Stream::new(name, style.parse()?, shape.parse()?, number(records)?);
    Ok(match page_size {
        Some(records) => stream.page_size(records),
        None => stream,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bronzegate_demo_api::{Shape, Style};

    #[test]
    fn streams_are_read_from_one_word() {
        let stream = parse_stream("deals=link-header:crm:5000:250").unwrap();
        assert_eq!((stream.name.as_str(), stream.style), ("deals", Style::LinkHeader));
        assert_eq!((stream.shape, stream.records, stream.page_size), (Shape::Crm, 5_000, 250));
        for (wrong, why) in [
            ("deals", "expected name=style:shape:records"),
            ("d=cursor:crm", "expected name=style:shape:records"),
            ("d=x:crm:1", "unknown variant `x`"),
            ("d=cursor:crm:many", "many: not a number"),
        ] {
            let error = parse_stream(wrong).unwrap_err();
            assert!(error.starts_with(why), "{wrong}: {error}");
        }
    }

    #[test]
    fn flags_go_before_defaults() {
        let line = ["api", "--seed", "4", "--latency", "20ms", "--stream", "a=single:small:9"];
        let options = Arguments::try_parse_from(line).unwrap().options().unwrap();
        assert_eq!((options.seed, options.latency.as_millis()), (4, 20));
        assert_eq!(options.streams[0].records, 9);
    }
}
