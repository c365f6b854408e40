//! Requests as the prices of object stores tell them apart, counted by the tests' proxies.

use std::fmt;
use std::ops::AddAssign;

use crate::azure::Call;

/// Requests that are billed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// Puts and steps of uploads.
    pub writes: u64,
    /// Gets and heads.
    pub reads: u64,
    /// Pages of listings, which are billed as writes are.
    pub lists: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Billed {
    Write,
    Read,
    List,
    /// A listing of one month of the log. The log is listed from the run's month to today's, which is another one for
    /// some days or in later years, so several of them count as one.
    Month,
}

impl Requests {
    /// Of S3, from request lines; the tests' buckets begin with `bronze-`.
    pub fn of_s3(lines: &[String]) -> Self {
        counted(lines.iter().filter(|line| line.contains(" /bronze-")).filter_map(|line| {
            let is_list = line.contains("list-type=2");
            match line.split(' ').next()? {
                "PUT" | "POST" => Some(Billed::Write),
                "GET" if is_list && line.contains("commits%2Fat-") => Some(Billed::Month),
                "GET" if is_list || line.contains("?uploads") => Some(Billed::List),
                "GET" | "HEAD" => Some(Billed::Read),
                // Removing costs nothing.
                _ => None,
            }
        }))
    }

    /// Of Blob storage.
    pub fn of_blob(calls: &[Call]) -> Self {
        counted(calls.iter().filter_map(|call| match call {
            Call::PutBlob | Call::PutBlock | Call::PutBlockList => Some(Billed::Write),
            Call::GetBlob | Call::GetProperties => Some(Billed::Read),
            Call::ListBlobs | Call::ListUncommitted => Some(Billed::List),
            Call::ListWithinName => Some(Billed::Month),
            Call::DeleteBlob => None,
        }))
    }
}

impl AddAssign<Billed> for Requests {
    fn add_assign(&mut self, billed: Billed) {
        match billed {
            Billed::Write => self.writes += 1,
            Billed::Read => self.reads += 1,
            Billed::List | Billed::Month => self.lists += 1,
        }
    }
}

impl fmt::Display for Requests {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = [(self.writes, "write"), (self.reads, "read"), (self.lists, "list")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        to.write_str(&told.collect::<Vec<_>>().join(", "))
    }
}

fn counted(billed: impl Iterator<Item = Billed>) -> Requests {
    let mut requests = Requests::default();
    let mut has_month = false;
    for billed in billed {
        if billed == Billed::Month && std::mem::replace(&mut has_month, true) {
            continue;
        }
        requests += billed;
    }
    requests
}
