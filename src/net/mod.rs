//! Ring 2: HTTP; the only user of reqwest.
