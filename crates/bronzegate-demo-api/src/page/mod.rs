//! Pages: what a request asks for, what it gets, and how that is written.

mod ask;
mod compose;
mod content;
mod cursor;
mod envelope;
mod form;
mod generic;
mod layout;
mod link;
mod pack;
mod plan;
mod roles;
mod scene;
mod scheme;
mod spoil;

pub(crate) use ask::{Ask, Refusal, check_demands, point_id, read};
pub(crate) use compose::compose;
pub(crate) use content::{Chunks, Page};
pub(crate) use layout::since;
pub(crate) use link::moved;
pub(crate) use pack::packed;
pub(crate) use plan::Plan;
pub(crate) use scene::Scene;
pub(crate) use scheme::Scheme;
pub(crate) use spoil::spoil;
