//! The health of streams as one page for the browser, which refers to nothing outside of itself.
//!
//! Everything is computed here: the template (`page.html`) only lays it out, and escapes every text.

mod chart;
mod finding;
mod model;
mod render;
mod row;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use render::page;
