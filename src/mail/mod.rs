//! Ring 2: the post; the only user of lettre.
