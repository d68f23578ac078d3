//! Ring 1: bytes of a feed → entries and what identifies them.
