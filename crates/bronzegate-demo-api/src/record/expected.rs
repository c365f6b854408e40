//! What a complete and correct extraction of a stream must have seen.

use super::{digits::push_number, recipe::Recipe, shape::Shape};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Ids hashed at a time.
const BATCH: usize = 64 * 1024;

/// Counts and sums the ids of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Expected {
    /// Number of records.
    pub records: u64,
    /// Sum of all ids; a decimal string in JSON.
    #[serde(serialize_with = "as_text")]
    pub id_sum: u128,
    /// SHA-256, in hexadecimal, over each id's decimal text and a line feed, in order.
    pub ids_sha256: String,
}

fn as_text<S: Serializer>(value: &u128, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

/// Computes what a stream of so many records holds; takes about 50 ns a record.
pub fn expected(seed: u64, shape: Shape, records: u64) -> Expected {
    let recipe = Recipe::new(seed, shape);
    let mut hash = Sha256::new();
    let mut id_sum = 0;
    let mut text = Vec::with_capacity(BATCH + 32);
    for index in 0..records {
        let id = recipe.id(index);
        id_sum += u128::from(id);
        push_number(&mut text, id);
        text.push(b'\n');
        if text.len() >= BATCH {
            hash.update(&text);
            text.clear();
        }
    }
    hash.update(&text);
    let mut ids_sha256 = String::with_capacity(64);
    for byte in hash.finalize() {
        write!(ids_sha256, "{byte:02x}").expect("writing to a String cannot fail");
    }
    Expected { records, id_sum, ids_sha256 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_hashes_the_ids_in_order() {
        let recipe = Recipe::new(9, Shape::Small);
        let ids: Vec<u64> = (0..10_000).map(|n| recipe.id(n)).collect();
        let mut text = String::new();
        for id in &ids {
            writeln!(text, "{id}").unwrap();
        }
        let seen = expected(9, Shape::Small, 10_000);
        assert_eq!(seen.id_sum, ids.iter().copied().map(u128::from).sum());
        assert_eq!(seen.ids_sha256, format!("{:x}", Sha256::digest(text)));
        let json = serde_json::to_value(&seen).unwrap();
        assert_eq!(json["id_sum"], seen.id_sum.to_string());
    }
}
