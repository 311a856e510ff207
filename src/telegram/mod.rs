//! To be written.

pub mod checksum;
