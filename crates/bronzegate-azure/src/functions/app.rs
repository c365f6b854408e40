//! The functions that follow from the source files.

use std::collections::BTreeMap;

use bronzegate_core::config::Source;
use bronzegate_core::doors::{Action, Event, SourceFolder};
use bronzegate_core::error::{Error, ErrorKind, Result};
use jiff::Timestamp;

use super::timer::Timer;

/// The function app of some source files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct App {
    timers: Vec<(Timer, Streams)>,
}

/// The streams that a timer is for, by their sources.
type Streams = BTreeMap<String, Vec<String>>;

/// What a firing of a timer is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Due {
    /// The runs of these events.
    Events(Vec<Event>),
    /// Nothing: the firing is none of the schedule's times.
    NotYet,
    /// Nothing: no stream has the schedule that the timer was made for.
    Unknown,
}

impl App {
    /// The app of all source files of a folder, and what is wrong with those that cannot be used: they are
    /// left out.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the folder cannot be read, or as [`of`](Self::of).
    pub async fn of_folder(folder: &SourceFolder) -> Result<(Self, Vec<Error>)> {
        let (mut sources, mut unusable) = (Vec::new(), Vec::new());
        for name in folder.names().await? {
            match folder.load(&name).await {
                Ok(source) => sources.push(source),
                Err(error) => unusable.push(error.into()),
            }
        }
        Ok((Self::of(&sources)?, unusable))
    }

    /// The app of these sources: one timer for each schedule that differs.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when two schedules would have timers of one name.
    pub fn of(sources: &[Source]) -> Result<Self> {
        let mut timers: BTreeMap<String, (Timer, Streams)> = BTreeMap::new();
        for source in sources {
            for stream in &source.streams {
                let Some(schedule) = &stream.schedule else { continue };
                let timer = Timer::of(schedule);
                let entry = timers.entry(timer.function.clone()).or_insert_with(|| (timer, Streams::new()));
                if !entry.0.is_of(schedule) {
                    let cause = format!(
                        "{}/{}: its schedule `{schedule}` and another would both be the function {}",
                        source.name, stream.name, entry.0.function
                    );
                    return Err(Error::new(ErrorKind::Config, cause));
                }
                entry.1.entry(source.name.clone()).or_default().push(stream.name.clone());
            }
        }
        Ok(Self { timers: timers.into_values().collect() })
    }

    /// The timers in order of their functions' names.
    pub fn timers(&self) -> impl Iterator<Item = &Timer> {
        self.timers.iter().map(|(timer, _)| timer)
    }

    /// The events of a timer's firing, one for each source, so that its streams share one rate limit; `expected` is when
    /// the host meant to fire.
    pub fn due(&self, function: &str, expected: Option<Timestamp>, now: Timestamp) -> Due {
        let Some((timer, streams)) = self.timers.iter().find(|(timer, _)| timer.function == function) else {
            return Due::Unknown;
        };
        let Some(at) = timer.due(expected, now) else { return Due::NotYet };
        let event = |(source, streams): (&String, &Vec<String>)| Event {
            source: source.clone(),
            streams: streams.clone(),
            action: Action::Run { scheduled_time: Some(at) },
            rate_share: 1.0,
        };
        Due::Events(streams.iter().map(event).collect())
    }
}
