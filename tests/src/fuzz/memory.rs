//! How much memory something takes: the peak that the kernel keeps, where it lets it be reset (Linux).

use std::fs;

/// A moment from which on memory is measured.
#[derive(Debug)]
pub(super) struct Memory {
    before: Option<u64>,
}

impl Memory {
    /// From now on.
    pub(super) fn mark() -> Self {
        // proc(5): 5 resets the peak resident set size.
        let is_reset = fs::write("/proc/self/clear_refs", "5").is_ok();
        Self { before: is_reset.then(|| field("VmRSS:")).flatten() }
    }

    /// Bytes taken at the most since then; 0 where it cannot be measured.
    pub(super) fn taken(&self) -> u64 {
        let Some((before, peak)) = self.before.zip(field("VmHWM:")) else { return 0 };
        peak.saturating_sub(before)
    }
}

fn field(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib << 10)
}
