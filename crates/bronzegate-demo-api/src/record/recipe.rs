//! How the records of a stream are made: any one of them, from its position alone.

use super::{
    draw::{Draw, mix},
    shape::Shape,
    template::Template,
    wide,
};
use std::sync::LazyLock;

/// Distance between two neighbouring ids, before the jitter that is below it.
const ID_STEP: u64 = 1_000;

static SMALL: LazyLock<Vec<Template>> = LazyLock::new(|| parse(include_str!("small.txt")));
static CRM: LazyLock<Vec<Template>> = LazyLock::new(|| parse(include_str!("crm.txt")));
static WIDE: LazyLock<Vec<Template>> = LazyLock::new(|| (0..4).map(wide::variant).collect());

fn parse(lines: &str) -> Vec<Template> {
    lines.lines().map(Template::parse).collect()
}

/// Makes the records of one seed and shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipe {
    seed: u64,
    first_id: u64,
    templates: &'static [Template],
    max_len: usize,
}

impl Recipe {
    pub(crate) fn new(seed: u64, shape: Shape) -> Self {
        let (salt, templates) = match shape {
            Shape::Small => (1, &*SMALL),
            Shape::Crm => (2, &*CRM),
            Shape::Wide => (3, &*WIDE),
        };
        let seed = mix(seed ^ mix(salt));
        let longest = templates.iter().map(Template::max_len).max();
        Self {
            seed,
            // Above 2^53, where doubles stop telling neighbours apart.
            first_id: (1 << 53) + 1 + seed % (1 << 50),
            templates,
            max_len: longest.unwrap_or(0),
        }
    }

    /// The id of the record at `index`; ids grow with the index.
    pub(crate) fn id(&self, index: u64) -> u64 {
        self.first_id + index * ID_STEP + mix(self.seed ^ index) % ID_STEP
    }

    /// The index of the record with this id, if there is one.
    pub(crate) fn index_of(&self, id: u64) -> Option<u64> {
        let index = id.checked_sub(self.first_id)? / ID_STEP;
        (self.id(index) == id).then_some(index)
    }

    /// The most bytes one record can have.
    pub(crate) fn max_len(&self) -> usize {
        self.max_len
    }

    /// Appends the record at `index`.
    pub(crate) fn write(&self, out: &mut Vec<u8>, index: u64) {
        let mut draw = Draw::new(self.seed, index);
        let template = &self.templates[(draw.next() % self.templates.len() as u64) as usize];
        template.write(out, self.id(index), index, &mut draw);
    }
}

/// Makes the exact bytes of one record of a stream, for comparing what was served.
pub fn record(seed: u64, shape: Shape, index: u64) -> Vec<u8> {
    let recipe = Recipe::new(seed, shape);
    let mut out = Vec::with_capacity(recipe.max_len());
    recipe.write(&mut out, index);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPES: [(Shape, usize); 3] = [(Shape::Small, 200), (Shape::Crm, 1_100), (Shape::Wide, 8_000)];

    #[test]
    fn every_record_is_an_object_of_about_the_promised_size() {
        for (shape, size) in SHAPES {
            let recipe = Recipe::new(7, shape);
            let mut total = 0;
            for index in 0..500 {
                let bytes = record(7, shape, index);
                let value: serde_json::Value = serde_json::from_slice(&bytes)
                    .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&bytes)));
                assert_eq!(value["id"].as_u64(), Some(recipe.id(index)));
                assert!(value["updatedAt"].is_string());
                assert!(bytes.len() <= recipe.max_len());
                total += bytes.len();
            }
            let mean = total / 500;
            assert!(mean * 10 >= size * 9 && mean * 10 <= size * 11, "{shape:?}: {mean}");
        }
    }

    #[test]
    fn records_differ_by_index_and_seed_and_repeat_otherwise() {
        for (shape, _) in SHAPES {
            assert_eq!(record(1, shape, 5), record(1, shape, 5));
            assert_ne!(record(1, shape, 5), record(1, shape, 6));
            assert_ne!(record(1, shape, 5), record(2, shape, 5));
        }
    }

    #[test]
    fn ids_grow_beyond_what_a_double_holds_and_lead_back_to_their_index() {
        let recipe = Recipe::new(3, Shape::Crm);
        let mut last = 1 << 53;
        for index in (0..1_000).chain([1_000_000_000]) {
            let id = recipe.id(index);
            assert!(id > last);
            assert_eq!(recipe.index_of(id), Some(index));
            assert_eq!(recipe.index_of(id + 1), None);
            last = id;
        }
        assert_eq!(recipe.index_of(17), None);
    }

    #[test]
    fn each_shape_holds_what_careless_clients_lose() {
        for (shape, _) in SHAPES {
            let text: String = (0..500).map(|n| String::from_utf8(record(1, shape, n)).unwrap()).collect();
            for part in [
                "\\u00",
                "\\\"",
                "\\\\",
                "\\/",
                "🦀",
                "1.10",
                "-0.0",
                "6.02214076e23",
                "null",
                "true",
                "false",
                ".1234567890",
                "[]",
                "\\ud83d\\ude00",
            ] {
                let known_absent = shape == Shape::Wide && part == "[]";
                assert!(known_absent || text.contains(part), "{shape:?} {part}");
            }
        }
    }
}
