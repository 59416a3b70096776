//! OpenSLO documents to verdicts.

pub mod measure;
