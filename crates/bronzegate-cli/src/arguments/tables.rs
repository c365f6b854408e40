//! `columns` and `table`: what a stream's table has, and what it takes from files.

use std::num::NonZeroUsize;

use clap::Args;

use crate::names::StreamName;

/// Drafts `output.columns` of a stream from its first records.
///
/// Each member gets the narrowest type that all of its values fit. Go over the list before you use it: a value that
/// does not fit its column later is null there, and named in `_rescued`. Nothing is written.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bronzegate columns hubspot/contacts -n 500")]
pub(crate) struct ColumnsArguments {
    /// The stream.
    #[arg(value_name = "SOURCE/STREAM")]
    pub(crate) stream: StreamName,
    /// How many records are looked at, at most.
    #[arg(short = 'n', long = "records", value_name = "COUNT", default_value = "100")]
    pub(crate) records: NonZeroUsize,
}

/// Takes a stream's committed files into its table, each batch once.
///
/// For a stream that has landed files first: set `output.table` in its source file, run this, and let the schedule go
/// on. It may be stopped and begun again anywhere. The files stay.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bronzegate table hubspot/contacts --from-files --tables ./tables")]
pub(crate) struct TableArguments {
    /// The stream.
    #[arg(value_name = "SOURCE/STREAM")]
    pub(crate) stream: StreamName,
    /// Takes the files of the commit log.
    #[arg(long, required = true)]
    pub(crate) from_files: bool,
}
