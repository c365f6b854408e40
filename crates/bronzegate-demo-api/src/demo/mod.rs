//! The demo: this API with authentication, rate limits and faults, three of its streams read by `bronzegate`,
//! and the result compared with what the API has.

mod bronze;
mod run;
mod setting;

pub(crate) use run::run;
