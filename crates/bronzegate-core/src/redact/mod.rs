//! Text that may be shown: URLs without their query values, one printable line of what came from outside, and
//! messages without secrets.

mod decode;
mod grams;
mod printable;
mod safe_url;
mod saved;
mod scrubber;
#[cfg(test)]
mod tests;

pub use printable::{line, printable, visible};
pub use safe_url::SafeUrl;
pub(crate) use saved::secret_at;
pub(crate) use scrubber::SHORTEST_SECRET;
pub use scrubber::Scrubber;
