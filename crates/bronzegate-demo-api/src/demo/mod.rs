//! The demo: this API with authentication, rate limits and faults, three of its streams read by `bronzegate`
//! into files and one of them into a Delta table, and the result compared with what the API has.

mod bronze;
mod lake;
mod run;
mod setting;

pub(crate) use run::run;
