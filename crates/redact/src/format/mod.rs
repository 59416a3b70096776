//! Text formats: every byte outside an edit is unchanged.
