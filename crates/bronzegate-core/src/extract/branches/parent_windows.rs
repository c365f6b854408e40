//! What parents are asked for: everything from their `start` to now, whatever of it is new to their own
//! runs, or what of it is new to their children's, in the windows that their file asks for.

use jiff::Timestamp;

use crate::config::{Incremental, Start};
use crate::cursor::{Bounds, CursorFilter, CursorValue, ParentMark, Verbatim};
use crate::error::{Error, ErrorKind};
use crate::extract::paging::{RequestedRange, RequestedRanges};
use crate::window::TimeWindow;

/// A stretch of a parent stream that is asked for at once.
#[derive(Debug)]
pub(crate) struct ParentWindow<'a> {
    settings: Option<&'a Incremental>,
    /// How far they have been read, where only those that have changed are asked for.
    changed: Option<&'a ParentMark>,
    window: Option<TimeWindow>,
    /// Where the windows end; for an API, records may come from after it.
    until: Timestamp,
}

impl<'a> ParentWindow<'a> {
    /// The first one, or the one that an earlier segment was in.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the parents begin in the future.
    pub(crate) fn new(
        (settings, changed): (Option<&'a Incremental>, Option<&'a ParentMark>),
        saved: Option<TimeWindow>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        // The unit that now lies in counts too: what is new in it has children.
        let until = settings.map_or(now, |settings| {
            let unit = settings.format.resolution_ns();
            let now = settings.reached(now);
            let next = (now.as_nanosecond().div_euclid(unit) + 1) * unit;
            Timestamp::from_nanosecond(next).unwrap_or(now)
        });
        let until = changed.and_then(ParentMark::ends).unwrap_or(until);
        let first = Self { settings, changed, window: None, until };
        let Some(start) = first.start() else { return Ok(first) };
        if start >= until {
            let cause = "`incremental.start` is not before the run's time: there can be no parents";
            return Err(Error::new(ErrorKind::Config, cause));
        }
        Ok(Self { window: saved.or_else(|| first.from(start)), ..first })
    }

    /// The window, where they are asked for in windows.
    pub(crate) fn window(&self) -> Option<TimeWindow> {
        self.window
    }

    /// What requests ask for, and the filter that leaves out what belongs to a neighbouring window, or has not
    /// changed; `None` where nothing is left out.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when a saved mark does not fit the parents' format.
    pub(crate) fn asked(&self) -> Result<(RequestedRanges, Option<CursorFilter>), Error> {
        let Some((settings, changed)) = self.settings.zip(self.changed) else {
            return Ok((self.all().into(), self.within()));
        };
        let time = |time| CursorValue::of_time(&settings.format, time).verbatim().clone();
        let bounds = self.window.map(|window| (time(window.from()), time(window.to())));
        let (state, ranges) = changed.between(bounds).map_err(|error| {
            Error::new(ErrorKind::Store, format!("a committed cursor {error}, which `format` asks for"))
        })?;
        let filter = CursorFilter::of(settings, &state, ranges.clone())?;
        Ok((RequestedRanges::of(&state, settings, ranges), Some(filter)))
    }

    fn all(&self) -> RequestedRange {
        let Some(settings) = self.settings else { return RequestedRange::default() };
        let time = |time| CursorValue::of_time(&settings.format, time).verbatim().clone();
        let from = match (self.window, &settings.start) {
            (Some(window), _) => Some(time(window.from())),
            (None, Some(Start::Time(start))) => Some(time(*start)),
            (None, Some(Start::Value(text))) => {
                let bare = *settings.format.first() == crate::config::CursorFormat::Integer;
                Some(Verbatim { text: text.clone(), bare })
            }
            (None, None) => None,
        };
        let to = self.window.map_or(self.until, TimeWindow::to);
        let to = settings.format.is_time().then(|| time(to));
        RequestedRange::between(from.as_ref(), to.as_ref(), settings)
    }

    /// Leaves out what belongs to a neighbouring window; `None` where there is none.
    fn within(&self) -> Option<CursorFilter> {
        let (settings, window) = self.settings.zip(self.window)?;
        // Records without a time say nothing of the window that they belong to.
        if settings.windows_only {
            return None;
        }
        let bound = |time| Some(CursorValue::of_time(&settings.format, time));
        let from = if self.start() == Some(window.from()) { None } else { bound(window.from()) };
        let to = if window.to() >= self.until { None } else { bound(window.to()) };
        let settings = Incremental { key: None, ..settings.clone() };
        Some(CursorFilter::within(&settings, Bounds { from, to }))
    }

    /// The next one; `None` when this was the last.
    pub(crate) fn after(&self) -> Option<Self> {
        let window = self.from(self.window?.to())?;
        Some(Self { window: Some(window), ..*self })
    }

    /// The first half of it.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] when that would be shorter than `min_window`.
    pub(crate) fn halved(&self) -> Result<Self, Error> {
        let half = self.settings.zip(self.window).and_then(|(settings, window)| {
            let middle = window.from() + window.to().duration_since(window.from()) / 2;
            let unit = settings.coarser_ns();
            let middle = Timestamp::from_nanosecond(middle.as_nanosecond().div_euclid(unit) * unit).ok()?;
            let half = TimeWindow::new(window.from(), middle).ok()?;
            let length = half.to().duration_since(half.from()).unsigned_abs();
            (length >= settings.min_window).then_some(half)
        });
        let half = half.ok_or_else(|| self.too_large("half of it is shorter than `min_window`"))?;
        Ok(Self { window: Some(half), ..*self })
    }

    /// The error of one that holds too much.
    pub(crate) fn too_large(&self, why: &str) -> Error {
        let window = self.window.map(|window| format!(" {window}")).unwrap_or_default();
        let cause = format!("the window{window} holds more than the API gives out, and {why}");
        Error::new(ErrorKind::Data, cause)
    }

    fn start(&self) -> Option<Timestamp> {
        if let Some(changed) = self.changed {
            return changed.begins();
        }
        match self.settings?.start {
            Some(Start::Time(start)) => Some(start),
            Some(Start::Value(_)) | None => None,
        }
    }

    /// The window that begins there, where there are windows and something is left.
    fn from(&self, begins: Timestamp) -> Option<TimeWindow> {
        let step = self.settings?.window?;
        TimeWindow::new(begins, self.until).ok()?.split(step).next()
    }
}
