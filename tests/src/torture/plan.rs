//! The plan of a trial, which follows from its seed alone.

use std::fmt;

use fastrand::Rng;

use super::act::{Act, Door};
use super::kinds::{Bounds, Kind};
use super::scene::Scene;
use super::store::StoreKind;

/// The most acts of an event.
const MOST_ACTS: usize = 4;

/// Everything that a trial decides beforehand.
#[derive(Clone)]
pub struct Plan {
    seed: u64,
    pub(super) store: StoreKind,
    pub(super) scene: Scene,
    /// One for each event of the scene.
    pub(super) ordeals: Vec<Ordeal>,
    /// The table is there before the first event: a rival has made it.
    pub(super) is_foreign: bool,
}

/// What is done to one event.
#[derive(Clone, Debug)]
pub(super) struct Ordeal {
    pub(super) acts: Vec<Act>,
    pub(super) end: End,
}

/// How an event ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// It is run again until it is complete.
    Completed {
        by: Door,
        /// It is run once more, which must do nothing.
        repeated: bool,
    },
    /// It is left as it is: the next event brings the rest.
    Abandoned,
}

impl Plan {
    /// Draws the plan of a seed, on a store or on what the seed chooses, of one of these kinds of streams.
    ///
    /// # Panics
    /// When there are none.
    pub fn draw(seed: u64, store: Option<StoreKind>, kinds: &[&'static Kind]) -> Self {
        let mut rng = Rng::with_seed(seed);
        // Drawn in any case, so that one given by name changes nothing else.
        let drawn = StoreKind::draw(&mut rng);
        let store = store.unwrap_or(drawn);
        let kind = rng.choice(kinds).expect("there are some");
        let bounds = Bounds { most_records: if store == StoreKind::Local { 160 } else { 70 } };
        let scene = kind.scene(&mut rng, bounds);
        let extent = scene.extent();
        let last = scene.events.len() - 1;
        let ordeals = (0..=last).map(|nth| {
            let acts = (0..rng.usize(1..=MOST_ACTS)).map(|_| {
                let act = Act::draw(&mut rng, store, extent, nth > 0);
                let act = act.misled(&mut rng, &scene.slips).noted(&mut rng, scene.has_notes);
                if extent.has_table { act.beside(&mut rng, store, extent) } else { act }
            });
            let acts = acts.collect();
            let abandoned = scene.catches_up && nth < last && rng.u32(0..4) == 0;
            let by = if rng.u32(0..10) == 0 { Door::Program } else { Door::Engine };
            let end = if abandoned { End::Abandoned } else { End::Completed { by, repeated: rng.bool() } };
            Ordeal { acts, end }
        });
        let ordeals = ordeals.collect();
        let is_foreign = extent.has_table && rng.bool();
        Self { seed, store, scene, ordeals, is_foreign }
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The store that it is about.
    pub fn store(&self) -> StoreKind {
        self.store
    }

    /// The name of the stream's kind.
    pub fn kind(&self) -> &'static str {
        self.scene.kind
    }

    /// The command that repeats the trial.
    pub fn command(&self) -> String {
        let (store, kind, seed) = (self.store, self.scene.kind, self.seed);
        format!("workbench torture --store {store} --kind '{kind}' --seed {seed} --trials 1")
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scene, .. } = self;
        writeln!(f, "{} on {}, repeated by: {}", scene.kind, self.store, self.command())?;
        writeln!(f, "pages of {}, {:?} each", scene.page_size(), scene.latency)?;
        writeln!(f, "{}\noutput: {:?}", scene.settings, scene.output)?;
        if self.is_foreign {
            writeln!(f, "the table is a rival's")?;
        }
        for (event, ordeal) in scene.events.iter().zip(&self.ordeals) {
            writeln!(f, "event `{}` of {} records", event.line, event.brings.len())?;
            for act in &ordeal.acts {
                let note = act.note.map(|note| format!(", noted: {note:?}")).unwrap_or_default();
                writeln!(f, "  at once, on an API with {:?}{note}:", act.faults)?;
                for run in &act.runs {
                    writeln!(f, "    {run:?}")?;
                }
                if let Some(twin) = &act.twin {
                    writeln!(f, "    another target's {twin:?}")?;
                }
                if !act.rival.is_empty() {
                    writeln!(f, "    a rival that does {:?}", act.rival)?;
                }
            }
            writeln!(f, "  then {:?}", ordeal.end)?;
        }
        Ok(())
    }
}
