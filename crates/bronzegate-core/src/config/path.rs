//! `path`: what is appended to the source's `base_url`.
//!
//! ```yaml
//! path: /crm/v3/objects/contacts
//! path: /portals/{{ vars.portal }}/contacts    # the value is percent-encoded as one segment
//! ```

use super::named::Named;
use super::problem::{Draft, Report};
use super::read::Slot;
use super::template::{Escaping, Template, TemplateText, has_dot_segment};

/// Checks a path: absolute, without query, fragment, spaces, backslashes and dot segments.
pub(super) fn check(slot: &Slot<TemplateText>, named: &Named, report: &Report) -> Option<Template> {
    let text = slot.get()?;
    let refuse = |accepted: &str| report.add(slot.at(), Draft::refused(accepted).value(&text.0));
    // What is inside {{ }} is the template's own business.
    let fixed: String = text.0.split("{{").enumerate().fold(String::new(), |mut fixed, (index, part)| {
        let outside = if index == 0 { part } else { part.split_once("}}").map_or("", |(_, rest)| rest) };
        fixed.push_str(outside);
        fixed
    });
    if !text.0.starts_with('/') {
        refuse("a path that starts with /");
    } else if fixed.contains(['?', '#']) {
        refuse("the path alone; what follows ? belongs in params");
    } else if fixed.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
        refuse("a path without spaces (%20) and backslashes");
    } else if has_dot_segment(&text.0) {
        refuse("a path without . and .. segments");
    }
    Template::check(text, Escaping::Path, named, slot.at(), report)
}
