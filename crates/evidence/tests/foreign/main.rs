//! What others made, judged beside the programs that made it: containers, bags, zips, time stamps, signatures, proofs.

mod bags;
mod containers;
mod kit;
mod singles;
mod vectors;
mod zips;
