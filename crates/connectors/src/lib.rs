//! One file per kind of data store; each implements [`privacy::store::DataStore`].
//!
//! What is to be found, kept or deleted is decided in `privacy`; here it is only asked for and done.
