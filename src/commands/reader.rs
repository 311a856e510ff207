//! The command line of `p1reader`.

use clap::Parser;

use crate::runtime::Arguments;

/// Records the telegrams that p1listener multicasts to files, rotated by day and week.
#[derive(Clone, Debug, Parser)]
#[command(name = "p1reader", version)]
pub struct Reader {
    /// What all programs understand.
    #[command(flatten)]
    pub common: Arguments,
    /// Stop after five telegrams
    #[arg(long)]
    pub test: bool,
}
