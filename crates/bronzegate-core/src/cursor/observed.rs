//! What the cursors of a run's records were, whether the records belong to the run or not: it shows where the API
//! has not understood what it was asked, or the file not what it was told.

use jiff::{SignedDuration, Timestamp};

use super::bounds::Bounds;
use super::unit::{Unit, Units};
use super::value::{CursorValue, Order, order, unquoted};
use crate::config::{CursorFormat, CursorFormats, Incremental, Timezone};
use crate::error::{Error, ErrorKind};
use crate::redact::printable;

/// How far local times may be from UTC: farther than that, a record is of no other time zone.
const ZONES: SignedDuration = SignedDuration::from_hours(14);

/// Spellings of times that are no numbers, in the order in which they are recognised.
const SPELLINGS: [CursorFormat; 4] =
    [CursorFormat::Date, CursorFormat::Rfc3339, CursorFormat::Rfc2822, CursorFormat::Dotnet];

/// A value is only guessed to be a time that is later: any small number is one of 1970.
const LIKELY: Timestamp = Timestamp::constant(631_152_000, 0);

/// The longest value that a message shows.
const LONGEST_SHOWN: usize = 40;

/// The cursors that a request asks for, with room at both ends for its unit and for other time zones.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    format: CursorFormats,
    bounds: Bounds,
    /// Requests say from where.
    is_asked_from: bool,
    /// Times without an offset get a warning: the file does not say what they are.
    warns_of_local_times: bool,
    /// Earlier than anything that could be meant.
    low: Option<Timestamp>,
    /// Later than anything that could be meant; `None` where the request says no end.
    high: Option<Timestamp>,
    /// Later than that nothing may be, whatever the request says.
    end: Option<Timestamp>,
}

/// What the records' cursors were.
#[derive(Clone, Debug, Default)]
pub(super) struct Observed {
    /// Records with a cursor.
    seen: u64,
    /// Those that lie outside of all that could be meant.
    far: u64,
    /// As long as all are: the units in which they would not.
    units: Units,
    /// A record was older than one before it.
    has_fallen: bool,
    oldest: Option<Order>,
    newest: Option<Order>,
    /// The first that lies far outside, as it was written.
    example: Option<String>,
    /// The first time without an offset, as it was written.
    naive: Option<String>,
}

impl Wanted {
    pub(super) fn new(settings: &Incremental, bounds: &Bounds) -> Self {
        let unit = SignedDuration::from_nanos(settings.coarser_ns().try_into().unwrap_or(i64::MAX));
        let room = unit.saturating_add(ZONES);
        let time = |bound: &Option<CursorValue>| bound.as_ref().and_then(CursorValue::time);
        let end = time(&bounds.to).map(|to| to.checked_add(room).unwrap_or(Timestamp::MAX));
        // Where nothing is asked from somewhere, a number read in the wrong unit still lies in the year 1970.
        let is_counted = !settings.is_asked_from && Units::are_own(&settings.format);
        Self {
            format: settings.format.clone(),
            warns_of_local_times: settings.timezone == Timezone::Unstated && !settings.format.are_days(),
            bounds: bounds.clone(),
            is_asked_from: settings.is_asked_from,
            low: time(&bounds.from)
                .filter(|_| settings.is_asked_from)
                .map(|from| from.checked_sub(room).unwrap_or(Timestamp::MIN))
                .or_else(|| is_counted.then_some(LIKELY)),
            high: end.filter(|_| settings.bounded),
            end,
        }
    }

    fn is_far(&self, order: &Order) -> bool {
        match order {
            Order::Time(time) => {
                self.low.is_some_and(|low| *time < low) || self.high.is_some_and(|high| *time >= high)
            }
            Order::Integer(_) | Order::Text(_) if !self.is_asked_from => false,
            Order::Integer(_) | Order::Text(_) => {
                self.bounds.from.as_ref().is_some_and(|from| order < from.order())
            }
        }
    }

    /// The units in which a value that lies far outside would not.
    fn units(&self, json: &str) -> Units {
        Units::of(&self.format, json, |time| {
            self.low.is_none_or(|low| time >= low) && self.end.is_none_or(|end| time < end)
        })
    }

    /// What a value looks like that the format cannot read, with the remedy.
    pub(super) fn looks_like(&self, json: &str) -> Option<String> {
        let likely = |time: Timestamp| {
            time >= LIKELY && self.end.is_none_or(|end| time < end) && self.low.is_none_or(|low| time >= low)
        };
        if let Some(unit) = self.units(json).first().or_else(|| Unit::likely(json, likely)) {
            return Some(format!(". It looks like {}: {}", unit.name(), unit.remedy()));
        }
        let text = unquoted(json)?;
        let reads = |format: &&CursorFormat| match order(format, &text) {
            Ok(Order::Time(time)) => likely(time),
            _ => false,
        };
        let format = SPELLINGS.iter().find(reads)?;
        Some(format!(". It looks like {0}: write `format: {0}`", format.name()))
    }

    /// What is asked for, in words.
    fn told(&self) -> String {
        let text = |bound: &Option<CursorValue>| Some(bound.as_ref()?.verbatim().text.clone());
        match (text(&self.bounds.from), text(&self.bounds.to)) {
            (Some(from), Some(to)) => format!("from {from} to {to}"),
            (Some(from), None) => format!("from {from} on"),
            (None, Some(to)) => format!("up to {to}"),
            (None, None) => "everything".to_owned(),
        }
    }
}

impl Observed {
    /// Takes a record's cursor, JSON text, and what it was read as.
    pub(super) fn see(&mut self, wanted: &Wanted, json: &str, order: &Order, carries_offset: bool) {
        if self.oldest.as_ref().is_none_or(|oldest| order < oldest) {
            self.oldest = Some(order.clone());
        }
        match &self.newest {
            Some(newest) if order < newest => self.has_fallen = true,
            Some(newest) if order == newest => {}
            _ => self.newest = Some(order.clone()),
        }
        if self.naive.is_none() && wanted.warns_of_local_times && !carries_offset {
            self.naive = Some(printable(json.trim_matches('"'), LONGEST_SHOWN));
        }
        self.seen += 1;
        if wanted.is_far(order) {
            self.far += 1;
            if self.far == self.seen {
                let units = wanted.units(json);
                self.units = if self.seen == 1 { units } else { self.units.and(units) };
                self.example.get_or_insert_with(|| printable(json.trim_matches('"'), LONGEST_SHOWN));
            }
        }
    }

    /// The oldest record's, where cursors are times.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        match self.oldest {
            Some(Order::Time(time)) => Some(time),
            _ => None,
        }
    }

    /// Whether the records are in order of their cursors.
    pub(super) fn is_rising(&self) -> bool {
        !self.has_fallen
    }

    /// A time without an offset, as a record wrote it.
    pub(super) fn naive(&self) -> Option<&str> {
        self.naive.as_deref()
    }

    /// Whether all records lie outside of all that could be meant.
    pub(super) fn is_all_far(&self) -> bool {
        self.seen > 0 && self.far == self.seen
    }

    /// What somebody should know where all records lie outside of what was asked.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] where another unit would put all of them inside: the file names the wrong one, and every
    /// run would leave all records out.
    pub(super) fn judge(&self, wanted: &Wanted) -> Result<Option<String>, Error> {
        if !self.is_all_far() {
            return Ok(None);
        }
        let asked = wanted.told();
        let all = format!("all {} records lie outside of what was asked ({asked})", self.seen);
        let text = |order: &Option<Order>| order.as_ref().map_or_else(String::new, Order::told);
        let (oldest, newest) = (text(&self.oldest), text(&self.newest));
        if let (Some(unit), Some(example)) = (self.units.first(), &self.example) {
            let declared = &wanted.format;
            return Err(Error::new(
                ErrorKind::Data,
                format!(
                    "{all}: as `format: {declared}` reads it, the first cursor ({example}) is {}. It looks like {}: {}",
                    told_as(&wanted.format, example),
                    unit.name(),
                    unit.remedy()
                ),
            ));
        }
        let why = if wanted.format.is_time() {
            "does the API read the names and the format of what is asked? An API that filters by whole days answers like \
             this too, and nothing is lost then"
        } else {
            "if the API filters, its cursors may have begun again, and nothing new will come as long as they are below; \
             if the newest record was deleted, all is well"
        };
        Ok(Some(format!("{all} and were left out; they are from {oldest} to {newest}: {why}")))
    }
}

/// A value as its format reads it.
fn told_as(format: &CursorFormats, json: &str) -> String {
    let read = CursorValue::in_record(format, json).ok();
    read.map_or_else(|| "another time".to_owned(), |(order, _)| order.told())
}
