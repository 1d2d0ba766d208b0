//! The processor time of a process, as the kernel counts it.

use crate::command;
use anyhow::{Result, bail};
use std::{fs, process::Command};

/// CPU time of all threads of a process so far, user and system, in microseconds. The kernel counts in ticks.
pub(crate) fn microseconds_of(process: u32) -> Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is the program's name in parentheses and may hold spaces: count from its end.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let field = |number: usize| fields.get(number).and_then(|field| field.parse::<u64>().ok());
    let (Some(user), Some(system)) = (field(11), field(12)) else { bail!("/proc/PID/stat is not as expected: {stat}") };
    let ticks_per_second: u64 = command::output(Command::new("getconf").arg("CLK_TCK"))?.trim().parse()?;
    let ticks = user.saturating_add(system);
    Ok(ticks.saturating_mul(1_000_000).checked_div(ticks_per_second).unwrap_or_default())
}
