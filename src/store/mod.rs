//! Ring 2: the one file of data; the only user of rusqlite.
