//! Names of persons, places and organisations in prose.
