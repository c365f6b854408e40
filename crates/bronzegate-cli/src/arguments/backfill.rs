//! `backfill`: which windows of a stream.

use std::num::{NonZeroU32, NonZeroUsize};

use bronzegate_core::doors::BACKFILL_SHARE;
use bronzegate_core::window::WindowStep;
use clap::Args;

use super::moment::{Moment, at_least_one, moment};
use crate::names::StreamName;

/// Loads a range of time window by window, beside the schedule and without moving its cursor.
///
/// First it says how many requests it needs. Windows that are committed are skipped, so the same command
/// resumes an interrupted backfill. Ctrl-C commits what is complete (exit code 3).
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  bronzegate backfill hubspot/deals --from 2026-01-01 --to 2026-02-01 --window 1d\n\nExit codes: see `bronzegate --help`."
)]
pub(crate) struct BackfillArguments {
    /// The stream; it needs `incremental` with a format of time.
    #[arg(value_name = "SOURCE/STREAM")]
    pub(crate) stream: StreamName,
    /// Start: a date (midnight UTC), RFC 3339, or how long ago (30d, 12h).
    ///
    /// Days ago are a midnight UTC and hours ago a full hour, so that the same command means the same windows.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) from: Moment,
    /// End (exclusive).
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) to: Moment,
    /// The length of a window: 15m, 6h, 1d, 1w, 1mo or 1y, in UTC.
    ///
    /// Without it, that of the stream's `incremental.window`, else one window.
    #[arg(long, value_name = "LENGTH")]
    pub(crate) window: Option<WindowStep>,
    /// How many windows are loaded at the same time.
    #[arg(long, value_name = "WORKERS", default_value = "4", value_parser = at_least_one::<NonZeroUsize>)]
    pub(crate) parallel: NonZeroUsize,
    /// The part of the rate limit that it may use; the schedule keeps the rest.
    #[arg(long, value_name = "SHARE", default_value_t = BACKFILL_SHARE)]
    pub(crate) rate_share: f64,
    /// Loads committed windows again, as a new revision; their earlier records stay.
    ///
    /// Resumes an incomplete newest revision, and says so; `--revision` names one exactly.
    #[arg(long, conflicts_with = "revision")]
    pub(crate) again: bool,
    /// Loads the windows as this revision; those that are committed as it are skipped.
    #[arg(long, value_name = "NUMBER", value_parser = at_least_one::<NonZeroU32>)]
    pub(crate) revision: Option<NonZeroU32>,
    /// Lists the windows and how many requests they need, and writes nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}
